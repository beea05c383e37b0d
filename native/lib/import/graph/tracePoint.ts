import type { ModuleCall } from "../../graph/trace";
import type { GraphBuilder } from "./builder";
import type { Binding } from "./scope";
import { bindingsOf, bindResults, type HigherOrderNode } from "./subGraphs";

/** What a module inside of a sub-graph receives and returns, leaf by leaf. */
export interface TracedCall {
  inputs?: Binding[];
  outputs?: Binding[];
}

const ENDS: ReadonlyMap<unknown, keyof TracedCall> = new Map<unknown, keyof TracedCall>([
  ["module_call_inputs", "inputs"],
  ["module_call_outputs", "outputs"],
]);

/**
 * `_export_tracepoint` gives what it is given. Export leaves it in sub-graphs where calling conventions are preserved; it stands in
 * the module whose arguments or results go through it.
 */
export function addTracePoint(call: HigherOrderNode): void {
  const { scope, node, builder } = call;
  const given = node.inputs.filter(({ name }) => name === "").map(({ argument }) => argument);
  const leaves = given.flatMap((argument) => bindingsOf(scope, [argument]));
  bindResults(call, leaves);
  const kind = node.inputs.find(({ name }) => name === "kind")?.argument;
  const end = kind?.kind === "constant" ? ENDS.get(kind.value) : undefined;
  if (end) noteTraced(builder, builder.place.call, end, leaves);
}

function noteTraced(builder: GraphBuilder, call: ModuleCall, end: keyof TracedCall, leaves: Binding[]): void {
  builder.tracedCalls.set(call, { ...builder.tracedCalls.get(call), [end]: leaves });
}
