import { setInterceptor } from "../dispatch/interceptor";
import { CaptureError } from "../errors";
import type { Module } from "../nn/module";
import { getModuleCallInterceptor, setModuleCallInterceptor } from "../nn/moduleCalls";
import { torch } from "../torch";
import { nodeAliasesOf } from "./aliases";
import { moduleOf, nameNodes } from "./names";
import { NodeIndex } from "./nodeIndex";
import { SourceReader } from "./sourceLine";
import type { ConstantSpec, GraphSpec } from "./spec";
import type { Structure } from "./structure";
import type { Trace } from "./trace";
import { Tracer } from "./tracer";

/** A captured model, ready for the addon. */
export interface CapturedGraph {
  label: string;
  spec: GraphSpec;
  index: NodeIndex;
  /** Inputs of a run by name, and their shape and dtype at capture. */
  inputs: { name: string; value: number; shape: number[]; dtype: string }[];
  inputStructure: Structure;
  output: { structure: Structure; values: number[] };
}

/**
 * Traces `model` on `args`. Runs it once, without gradients.
 * @throws CaptureError when the model does what a graph cannot hold (in-place changes, values read into JavaScript).
 */
export function capture(model: Module, args: unknown[]): CapturedGraph {
  if (getModuleCallInterceptor() !== null) throw new CaptureError("a capture is running already");
  const tracer = new Tracer(model);
  const previous = setInterceptor(tracer);
  setModuleCallInterceptor((module, moduleArgs) => tracer.callModule(module, moduleArgs));
  let trace: Trace;
  try {
    trace = torch.noGrad(() => tracer.trace(args));
  } finally {
    setInterceptor(previous);
    setModuleCallInterceptor(null);
  }
  return assemble(model, trace, tracer);
}

function assemble(model: Module, trace: Trace, tracer: Tracer): CapturedGraph {
  const names = nameNodes(trace);
  const reader = new SourceReader();
  const index = new NodeIndex();
  const nameOfValue = new Map<number, string>();
  const inputs: CapturedGraph["inputs"] = [];
  trace.nodes.forEach((node, i) => {
    const name = names[i];
    const code = node.location ? reader.describe(node.location) : null;
    if (node.spec) {
      node.spec.name ||= name.split("|")[0];
      node.spec.code ||= code ?? "";
    }
    nameOfValue.set(node.value, name);
    if (node.kind === "input") {
      inputs.push({ name, value: node.value, shape: node.shape ?? [], dtype: node.dtype ?? "" });
    }
    index.add(
      {
        name,
        kind: node.kind,
        operator: node.operator,
        shape: node.shape,
        dtype: node.dtype,
        strides: node.strides,
        module: moduleOf(name),
        moduleType: node.call.module.constructor.name,
        code,
      },
      node.value,
    );
  });
  index.addAliases(nodeAliasesOf(model));
  for (const [spec, watched] of tracer.guards) spec.name = nameOfValue.get(watched) ?? "a size";
  return {
    label: model.constructor.name,
    spec: {
      valueCount: trace.valueCount,
      inputs: trace.inputs,
      constants: nameConstants(trace),
      nodes: trace.specs,
    },
    index,
    inputs,
    inputStructure: trace.inputStructure,
    output: trace.output,
  };
}

/** The tensors that the graph holds, each with a name of its own. */
function nameConstants(trace: Trace): ConstantSpec[] {
  const nodeNames = new Map<number, string>();
  for (const { spec } of trace.nodes) {
    const [source] = spec?.args ?? [];
    if (spec?.type === "alias" && source && "ref" in source && !nodeNames.has(source.ref))
      nodeNames.set(source.ref, spec.name);
  }
  const taken = new Set<string>();
  return trace.constants.map(({ value, tensor, name: known }) => {
    let name = known ?? nodeNames.get(value) ?? "constant";
    while (taken.has(name)) name = `${name}_`;
    taken.add(name);
    return { value, tensor, name };
  });
}
