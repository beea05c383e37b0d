import { CorruptFileError, UnsupportedExportError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { ModuleCall } from "../../graph/trace";
import type { ArchiveGraph, Argument } from "../archive/schema";
import { autocastDtype } from "./autocast";
import type { GraphBuilder } from "./builder";
import { sharedCall } from "./callTree";
import { Cell } from "./cells";
import { addAssociativeScan, addMap, addScanOverRows, addWhile } from "./loops";
import { isOfStrictExport } from "./moduleStack";
import type { Scope } from "./scope";
import {
  bindingsOf,
  bindResults,
  currentValue,
  graphAt,
  type HigherOrderNode,
  inline,
  outputsOf,
} from "./subGraphs";
import { addTracePoint } from "./tracePoint";

/** Adds an operator of `torch.ops.higher_order`: one that takes graphs. @throws UnsupportedExportError naming it, where it is none of those known here. */
export function addHigherOrder(name: string, call: HigherOrderNode): void {
  const rule = RULES.get(name);
  if (!rule) {
    throw new UnsupportedExportError(
      `the model uses torch.ops.higher_order.${name}, which graphs here cannot hold; those that can be imported: ${[...RULES.keys()].join(", ")}`,
    );
  }
  rule(call);
}

/** Runs its graph as if it were written in its place, on the arguments from `first` on. */
const inlineAt =
  (position: number, first = position + 1, end?: number) =>
  (call: HigherOrderNode): void => {
    const operands = bindingsOf(
      call.scope,
      call.node.inputs.slice(first, end).map(({ argument }) => argument),
    );
    bindResults(call, inline(call, graphAt(call, position), operands));
  };

/** A part without gradients: what leaves it is cut off from what it was made of. */
function gradMode(call: HigherOrderNode): void {
  const { builder, scope, node } = call;
  const enabled = node.inputs[0]?.argument;
  const operands = bindingsOf(
    scope,
    node.inputs.slice(2).map(({ argument }) => argument),
  );
  const given = operands.map((operand) => (operand instanceof Cell ? operand.read() : null));
  const first = builder.nodes.length;
  bindResults(call, inline(call, graphAt(call, 1), operands));
  if (enabled?.kind !== "constant" || enabled.value !== false) return;
  const region = graphAt(call, 1);
  const isStrict = region.nodes.some(({ moduleStack }) => isOfStrictExport(moduleStack));
  const place = isStrict ? { call: callOfRegion(builder, first) } : {};
  builder.at(place, () => {
    for (const output of outputsOf(node)) {
      const cell = output.kind === "value" ? scope.cell(output.name) : null;
      if (!cell || output.kind !== "value") continue;
      const value = cell.read();
      // A tensor that goes through the region as it is keeps its gradients.
      if (given[operands.indexOf(cell)] === value) continue;
      scope.bind(
        output.name,
        new Cell(builder, builder.emit("aten::detach", [{ ref: value }], builder.metaOf(value))),
      );
    }
  });
}

/** The innermost module call that all nodes from `first` on stand in: strict export does not say where a region begins. */
function callOfRegion(builder: GraphBuilder, first: number): ModuleCall {
  const calls = builder.nodes.slice(first).map(({ call }) => call);
  const [outermost, ...others] = calls.length > 0 ? calls : [builder.place.call];
  const inner = others.reduce(sharedCall, outermost);
  const { call } = builder.place;
  return sharedCall(inner, call) === call ? inner : call;
}

/**
 * Mixed precision: conversions become nodes. A region of another device's is as if it were not there, unless it is switched on and
 * has tensors on that device.
 */
function autocast(call: HigherOrderNode): void {
  const [device, dtype, enabled] = call.node.inputs.map(({ argument }) =>
    argument.kind === "constant" ? argument.value : null,
  );
  const isOn = enabled === true;
  if (isOn && device !== "cpu" && hasTensorsOn(graphAt(call, 4), String(device))) {
    throw new UnsupportedExportError(
      `the model was exported inside torch.autocast("${device}"), whose conversions are known here for "cpu" only; run ep = ep.run_decompositions() before saving the archive, which writes them into it, or export outside of autocast, with model.to(dtype) if it is to run in another dtype`,
    );
  }
  if (device !== "cpu") {
    inlineAt(4)(call);
    return;
  }
  call.builder.at({ autocast: isOn ? autocastDtype(dtype) : null }, () => inlineAt(4)(call));
}

function hasTensorsOn(graph: ArchiveGraph, device: string): boolean {
  const isInner = (argument: Argument) => argument.kind === "graph" && hasTensorsOn(argument.graph, device);
  return (
    graph.devices.has(device) ||
    graph.nodes.some(({ inputs }) => inputs.some(({ argument }) => isInner(argument)))
  );
}

/**
 * Both branches become nodes that run only where the condition is theirs; a merge takes the result of the one that ran.
 * A condition inside a branch that does not run is not computed, and then neither of its own branches runs.
 */
function cond(call: HigherOrderNode): void {
  const { builder, scope, node } = call;
  const predicate = node.inputs[0]?.argument;
  if (!predicate) throw new CorruptFileError("torch.cond without a condition");
  const condition = booleanValue(builder, scope, predicate);
  const operands = bindingsOf(
    scope,
    node.inputs.slice(3).map(({ argument }) => argument),
  );
  if (typeof condition === "boolean") {
    bindResults(call, inline(call, graphAt(call, condition ? 1 : 2), operands));
    return;
  }
  // Read before the branches: what they take belongs to neither.
  for (const operand of operands) currentValue(operand);
  const branch = (position: number, expected: boolean): ArgumentSpec[] =>
    builder.at({ when: { value: condition, expected } }, () =>
      inline(call, graphAt(call, position), operands).map(currentValue),
    );
  const [whenTrue, whenFalse] = [branch(1, true), branch(2, false)];
  const outputs = outputsOf(node);
  const results = builder.newResults(
    outputs.map((output) => (output.kind === "value" ? scope.meta(output.name) : null)),
  );
  outputs.forEach((output, i) => {
    if (output.kind !== "value") return;
    builder.add({
      type: "merge",
      operator: "",
      overload: "",
      args: [{ ref: condition }, whenTrue[i], whenFalse[i]],
      results: [results[i]],
      local: "cond",
      shown: "higher_order::cond",
      isAdded: false,
    });
    const { value, meta } = results[i];
    scope.bind(output.name, meta ? new Cell(builder, value) : { ref: value });
  });
}

/** The condition as a boolean value of the graph, or the plain boolean it always is. */
function booleanValue(builder: GraphBuilder, scope: Scope, predicate: Argument): number | boolean {
  const spec = scope.argument(predicate);
  if ("constant" in spec) return Boolean(spec.constant);
  if (!("ref" in spec)) throw new CorruptFileError("the condition of torch.cond is a list");
  return builder.metaOf(spec.ref) ? builder.emit("aten::item", [spec], null) : spec.ref;
}

const RULES: ReadonlyMap<string, (call: HigherOrderNode) => void> = new Map([
  ["wrap_with_set_grad_enabled", gradMode],
  ["wrap_with_autocast", autocast],
  ["cond", cond],
  ["map_impl", addMap],
  ["scan", addScanOverRows],
  ["associative_scan", addAssociativeScan],
  ["while_loop", addWhile],
  // Between the graph and its operands stands the graph's name.
  ["invoke_subgraph", inlineAt(0, 2)],
  ["wrap", inlineAt(0)],
  ["tag_activation_checkpoint", inlineAt(0)],
  ["strict_mode", inlineAt(0)],
  // After the list of operands come hints to compilers.
  ["hints_wrapper", inlineAt(0, 1, 2)],
  ["_export_tracepoint", addTracePoint],
]);
