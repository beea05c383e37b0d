import { CorruptFileError, UnsupportedExportError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { ArchiveGraph, Argument, TensorMeta } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { Cell } from "./cells";
import type { IrResult } from "./ir";
import type { Binding } from "./scope";
import {
  bindingsOf,
  bindResults,
  currentValue,
  graphAt,
  type HigherOrderNode,
  inline,
  outputsOf,
} from "./subGraphs";

/** A value as it is carried from round to round: null for a number. */
type CarriedMeta = TensorMeta | null;

interface LoopParts {
  /** `scan`: what the graph shows as the operator is `higher_order::scan`. */
  name: string;
  carried: readonly ArgumentSpec[];
  /** For each result that a round adds to its stack. */
  stacked: readonly TensorMeta[];
  /** Whether there is another round. */
  condition(round: ArgumentSpec, carried: readonly Binding[]): ArgumentSpec;
  /** Adds a round's nodes; gives what is carried on, and then what is added to the stacks. */
  round(round: ArgumentSpec, carried: readonly Binding[]): Binding[];
}

function asBinding(builder: GraphBuilder, { value, meta }: IrResult): Binding {
  return meta ? new Cell(builder, value) : { ref: value };
}

function metaOf(builder: GraphBuilder, spec: ArgumentSpec): CarriedMeta {
  return "ref" in spec ? builder.metaOf(spec.ref) : null;
}

/** Adds a loop: its nodes are in the graph once, and are run once a round. Gives the carried values and the stacks. */
function addLoop(builder: GraphBuilder, parts: LoopParts): Binding[] {
  const { name, carried, stacked } = parts;
  const metas = carried.map((spec) => metaOf(builder, spec));
  const node = { operator: "", overload: "", isAdded: false, local: name, shown: `higher_order::${name}` };
  const hidden = (results: IrResult[]) => results.map((result) => ({ ...result, part: null }));
  const [round, ...current] = hidden(builder.newResults([null, ...metas]));
  builder.add({ ...node, type: "loop", args: [...carried], results: [round, ...current] });
  const asState = (results: readonly IrResult[]) => results.map((result) => asBinding(builder, result));
  const number = { ref: round.value };
  const condition = parts.condition(number, asState(current));
  builder.add({ ...node, type: "while", args: [condition], results: [] });
  const given = parts.round(number, asState(current)).map(currentValue);
  if (given.length !== carried.length + stacked.length) {
    throw new CorruptFileError(`a round of ${name} does not give what it must`);
  }
  const results = builder.newResults([...metas, ...stacked]);
  const args = [...current.map(({ value }) => ({ ref: value })), ...given];
  builder.add({ ...node, type: "repeat", args, results });
  return asState(results);
}

function listAt({ node }: HigherOrderNode, position: number): Argument[] {
  const argument = node.inputs[position]?.argument;
  if (argument?.kind !== "list")
    throw new CorruptFileError(`${node.target}: argument ${position} must be a list`);
  return argument.items;
}

/** The graph on operands of its own: a loop's body must not change what it was given. */
function pureInline(call: HigherOrderNode, graph: ArchiveGraph, operands: readonly Binding[]): Binding[] {
  const { builder } = call;
  const own = operands.map((operand) =>
    operand instanceof Cell ? new Cell(builder, operand.read()) : operand,
  );
  const before = own.map(currentValue);
  const results = inline(call, graph, own);
  own.map(currentValue).forEach((now, i) => {
    const then = before[i];
    if ("ref" in then && "ref" in now && then.ref !== now.ref) {
      throw new UnsupportedExportError(
        `the body of ${call.node.target} changes a tensor from outside in place`,
      );
    }
  });
  return results;
}

function stackMetas({ scope, node }: HigherOrderNode, carried: number): TensorMeta[] {
  return outputsOf(node)
    .slice(carried)
    .map((output) => {
      const meta = output.kind === "value" ? scope.meta(output.name) : null;
      if (!meta) throw new CorruptFileError(`${node.target} stacks something that is no tensor`);
      return meta;
    });
}

/** Parts of stacked inputs: round after round along the first dimension. */
function partsOf(builder: GraphBuilder, stacks: readonly ArgumentSpec[], round: ArgumentSpec): Cell[] {
  return stacks.map((stack) => {
    const meta = metaOf(builder, stack);
    if (!meta || meta.sizes.length === 0)
      throw new CorruptFileError("a loop over something that has no rows");
    const { sizes, strides } = meta;
    const part = { ...meta, sizes: sizes.slice(1), strides: strides.slice(1) };
    return new Cell(builder, builder.emit("aten::select.int", [stack, { constant: 0 }, round], part));
  });
}

function rowCount(builder: GraphBuilder, stacks: readonly ArgumentSpec[]): ArgumentSpec {
  if (stacks.length === 0) throw new CorruptFileError("a loop over no tensors");
  return builder.emitNumber("size", [stacks[0], { constant: 0 }]);
}

/** A scan's inputs: what is carried, what is gone through, what every round reads. */
function addScan(call: HigherOrderNode, name: string, carriedAt: number | null, rowsAt: number): void {
  const { builder, scope } = call;
  const graph = graphAt(call, 0);
  const read = (position: number) => bindingsOf(scope, listAt(call, position));
  const carried = carriedAt === null ? [] : read(carriedAt).map(currentValue);
  const rows = read(rowsAt).map(currentValue);
  const others = read(rowsAt + 1);
  const count = rowCount(builder, rows);
  const results = addLoop(builder, {
    name,
    carried,
    stacked: stackMetas(call, carried.length),
    condition: (round) => builder.emitNumber("lt", [round, count]),
    round: (round, state) => pureInline(call, graph, [...state, ...partsOf(builder, rows, round), ...others]),
  });
  bindResults(call, results);
}

/** `map(f, rows, …)`: f of each row. */
export function addMap(call: HigherOrderNode): void {
  addScan(call, "map", null, 1);
}

/** `scan(f, init, rows, …)`: f of what is carried and of each row. */
export function addScanOverRows(call: HigherOrderNode): void {
  addScan(call, "scan", 1, 2);
}

/**
 * `associative_scan(f, rows, others)`: the first row, then f of what there is so far and each next one. PyTorch combines neighbours
 * first, which gives the same to rounding.
 */
export function addAssociativeScan(call: HigherOrderNode): void {
  const { builder, scope } = call;
  const graph = graphAt(call, 0);
  const rows = bindingsOf(scope, listAt(call, 1)).map(currentValue);
  const others = call.node.inputs.length > 2 ? bindingsOf(scope, listAt(call, 2)) : [];
  const count = rowCount(builder, rows);
  const results = addLoop(builder, {
    name: "associative_scan",
    carried: partsOf(builder, rows, { constant: 0 }).map(currentValue),
    stacked: stackMetas(call, 0),
    condition: (round) => builder.emitNumber("lt", [round, count]),
    round: (round, state) => {
      const given = partsOf(builder, rows, round);
      const next = unlessFirst(builder, round, given.map(currentValue), () =>
        pureInline(call, graph, [...state, ...given, ...others]).map(currentValue),
      );
      return [...next, ...next];
    },
  });
  bindResults(call, results.slice(rows.length));
}

/** `first` in the first round, in all others what `add` gives. */
function unlessFirst(
  builder: GraphBuilder,
  round: ArgumentSpec,
  first: readonly ArgumentSpec[],
  add: () => ArgumentSpec[],
): Binding[] {
  const isLater = builder.emitNumber("gt", [round, { constant: 0 }]);
  if (!("ref" in isLater)) throw new CorruptFileError("a loop without rounds");
  const later = builder.at({ when: { value: isLater.ref, expected: true } }, add);
  if (later.length !== first.length)
    throw new CorruptFileError("a round of associative_scan does not give what it must");
  return first.map((spec, i) => {
    const [result] = builder.newResults([metaOf(builder, spec)]);
    const node = {
      operator: "",
      overload: "",
      local: "associative_scan",
      shown: "higher_order::associative_scan",
    };
    builder.add({
      ...node,
      type: "merge",
      args: [isLater, later[i], spec],
      results: [result],
      isAdded: true,
    });
    return asBinding(builder, result);
  });
}

/** `while_loop(condition, body, carried, others)`. */
export function addWhile(call: HigherOrderNode): void {
  const { builder, scope } = call;
  const [test, body] = [graphAt(call, 0), graphAt(call, 1)];
  const carried = bindingsOf(scope, listAt(call, 2)).map(currentValue);
  const others = bindingsOf(scope, listAt(call, 3));
  const results = addLoop(builder, {
    name: "while_loop",
    carried,
    stacked: [],
    condition: (_, state) => {
      const [given] = pureInline(call, test, [...state, ...others]).map(currentValue);
      if (!given) throw new CorruptFileError("a loop without a condition");
      return metaOf(builder, given) ? { ref: builder.emit("aten::item", [given], null) } : given;
    },
    round: (_, state) => pureInline(call, body, [...state, ...others]),
  });
  bindResults(call, results);
}
