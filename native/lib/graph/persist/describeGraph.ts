import { binding } from "../../binding";
import type { Tensor } from "../../tensor/tensor";
import type { CapturedGraph } from "../capture";
import type { ArgumentSpec, ConstantSpec, NodeSpec } from "../spec";
import {
  type EncodedArgument,
  type EncodedConstant,
  type EncodedNode,
  FORMAT_VERSION,
  type GraphDescription,
  type NameDescription,
  type TensorDescription,
} from "./format";
import { layoutOf } from "./layout";
import { encodeValue } from "./plainValue";
import { encodeStructure } from "./structures";

/**
 * A graph as it is saved: the description, and the tensors it names.
 * @throws ArgumentError naming an input, output or argument that is no plain value.
 */
export function describeGraph(graph: CapturedGraph): {
  description: GraphDescription;
  tensors: Map<string, Tensor>;
} {
  const { described, tensors } = describeTensors(graph.spec.constants);
  const description: GraphDescription = {
    version: oldestFormat(graph.spec.nodes),
    label: graph.label,
    valueCount: graph.spec.valueCount,
    tensors: described,
    inputs: graph.inputs.map(({ name, value, shape, dtype }) => ({ name, value, shape, dtype })),
    inputStructure: encodeStructure(graph.inputStructure, "the input"),
    output: { structure: encodeStructure(graph.output.structure, "the output"), values: graph.output.values },
    ...(graph.parameters && { parameters: graph.parameters }),
    ...(graph.constraints && {
      constraints: { ...graph.constraints, ranges: Object.entries(graph.constraints.ranges) },
    }),
    nodes: graph.spec.nodes.map(encodeNode),
    names: describeNames(graph),
  };
  return { description, tensors };
}

/** The oldest whose readers know all that is in the nodes, and read past nothing. */
function oldestFormat(nodes: readonly NodeSpec[]): number {
  if (nodes.some(({ autocast }) => autocast !== undefined)) return FORMAT_VERSION;
  return nodes.some(({ type, unless }) => type === "loop" || unless !== undefined) ? 2 : 1;
}

function describeTensors(constants: readonly ConstantSpec[]) {
  const tensors = new Map<string, Tensor>();
  const byMemory = new Map<string, string>();
  const described = constants.map(({ value, tensor, name }): TensorDescription => {
    const { strides, alignment } = layoutOf(tensor);
    const description: TensorDescription = { value, name };
    if (strides !== null) description.strides = strides;
    if (alignment !== 0) description.alignment = alignment;
    if (tensor.device !== "cpu") description.device = tensor.device;
    const memory = [
      tensor.device,
      binding.dataAddress(tensor),
      tensor.dtype,
      tensor.shape,
      tensor.stride(),
    ].join(";");
    const first = byMemory.get(memory);
    if (first !== undefined && tensor.numel() > 0) return { ...description, sameAs: first };
    byMemory.set(memory, name);
    tensors.set(name, tensor);
    return description;
  });
  return { described, tensors };
}

function encodeNode({
  type,
  operator,
  overload,
  args,
  results,
  name,
  code,
  expected,
  message,
  autocast,
  when,
  unless,
}: NodeSpec): EncodedNode {
  const encoded: EncodedNode = {
    type,
    operator,
    overload,
    args: args.map((argument, i) => argument && encodeArgument(argument, `argument ${i} of ${name}`)),
    results,
    name,
    code,
  };
  if (expected !== undefined) encoded.expected = expected;
  if (message !== undefined) encoded.message = message;
  if (autocast !== undefined) encoded.autocast = autocast;
  if (when !== undefined) encoded.when = when;
  if (unless !== undefined) encoded.unless = unless;
  return encoded;
}

function encodeArgument(argument: ArgumentSpec, where: string): EncodedArgument {
  if ("ref" in argument) return { ref: argument.ref };
  if ("constant" in argument) return encodeConstant(argument, where);
  return {
    list: argument.list.map((item) => ("ref" in item ? { ref: item.ref } : encodeConstant(item, where))),
  };
}

function encodeConstant(
  { constant, isFloat }: { constant: unknown; isFloat?: boolean },
  where: string,
): EncodedConstant {
  return { constant: encodeValue(constant, where), ...(isFloat && { isFloat }) };
}

function describeNames({ index }: CapturedGraph): NameDescription[] {
  return [...index.infos.values()].map((info) => ({
    name: info.name,
    value: index.resolve(info.name).value,
    kind: info.kind,
    operator: info.operator,
    shape: info.shape,
    strides: info.strides,
    dtype: info.dtype,
    module: info.module,
    moduleType: info.moduleType,
    code: info.code,
  }));
}
