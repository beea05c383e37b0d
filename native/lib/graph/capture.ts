import { setInterceptor } from "../dispatch/interceptor";
import type { OperatorImplementation } from "../dispatch/library";
import { CaptureError } from "../errors";
import type { Module } from "../nn/module";
import { getModuleCallInterceptor, setModuleCallInterceptor } from "../nn/moduleCalls";
import { Progress } from "../progress";
import { torch } from "../torch";
import { nodeAliasesOf } from "./aliases";
import { indexNodes } from "./indexNodes";
import type { InputConstraints } from "./inputConstraints";
import { nameNodes } from "./names";
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
  /** What the inputs of an exported model must be like. */
  constraints?: InputConstraints;
  /** Operators written in TypeScript that the graph calls, by name. */
  operators?: ReadonlyMap<string, OperatorImplementation>;
  /** Names of the forward's parameters; given where inputs may be passed by them as well as in order. */
  parameters?: string[];
  output: { structure: Structure; values: number[] };
}

/**
 * Traces `model` on `args`. Runs it once, without gradients.
 * @throws CaptureError when the model does what a graph cannot hold (in-place changes, values read into JavaScript).
 */
export function capture(model: Module, args: unknown[]): CapturedGraph {
  if (getModuleCallInterceptor() !== null) throw new CaptureError("a capture is running already");
  using line = new Progress(`capturing ${model.constructor.name}`, { unit: "nodes" });
  const tracer = new Tracer(model, (count) => line.update(count));
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
  const nameOfValue = new Map(trace.nodes.map(({ value }, i) => [value, names[i]]));
  indexNodes(index, trace.nodes, names, ({ location, code }) =>
    location ? reader.describe(location) : code,
  );
  const inputs = trace.nodes.flatMap(({ kind, value, shape, dtype }, i) =>
    kind === "input" ? [{ name: names[i], value, shape: shape ?? [], dtype: dtype ?? "" }] : [],
  );
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
