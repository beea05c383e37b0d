import type { NodeSpec } from "../graph/spec";
import { dimensions, reference, references, type SizeItem, sizes } from "./arguments";
import type { Cone } from "./cone";
import type { Dataflow } from "./dataflow";
import { ALONG, ELEMENTWISE } from "./operatorKinds";

/** How a value holds the positions: as dimension 1 of [batch, position, …], or flattened into dimension 0 of [batch × position, …]. */
type RowState = "grid" | "flat";

/** The end of a computation in which no position sees another. */
export interface RowTail {
  /** Values it begins with, of shape [batch, position, …] or broadcast over positions; they are put in for some positions only. */
  leaves: number[];
  /** Of those, the ones that are computed. */
  computed: number[];
}

/**
 * Finds the operators at the end of `cone` that treat each position by itself, so that they need be run only for positions that are
 * read. Every rule is about dimension 1 of `outputs`.
 * @param barriers patched values: patches may look at all positions, so the tail begins after them at the earliest.
 * @returns null when the last operator mixes positions, or has no rule.
 */
export function findRowTail(
  flow: Dataflow,
  cone: Cone,
  outputs: readonly number[],
  barriers: ReadonlySet<number>,
): RowTail | null {
  const excluded = new Set<NodeSpec>();
  for (;;) {
    const { tail, states, sizesRead } = grow(flow, cone, outputs, barriers, excluded);
    if (tail.size === 0) return null;
    const made = new Set([...tail].flatMap(({ results }) => results));
    const leaves = [...states.keys()].filter((value) => !made.has(value));
    const bad = new Set(leaves.filter((value) => states.get(value) === "flat"));
    const next = [...tail].filter(
      (node) =>
        flow.uses(node).some((value) => bad.has(value)) ||
        sizesRead.get(node)?.some((value) => states.get(value) !== "grid"),
    );
    if (next.length === 0) {
      if (!outputs.every((value) => made.has(value))) return null;
      const sources = [...new Set(leaves.map((value) => sourceOf(flow, cone, value)))];
      return { leaves: sources, computed: sources.filter((value) => cone.computed.has(value)) };
    }
    for (const node of next) excluded.add(node);
  }
}

/** The value that is put in for `value`: what the cells have in common is put in where it is made, not at its aliases. */
function sourceOf(flow: Dataflow, cone: Cone, value: number): number {
  let source = value;
  while (!cone.computed.has(source) && !cone.starts.includes(source) && !cone.frontier.includes(source)) {
    const node = flow.producer(source);
    if (node?.type !== "alias") break;
    [source] = flow.uses(node);
  }
  return source;
}

/** Walks back from the outputs as far as rules reach. */
function grow(
  flow: Dataflow,
  cone: Cone,
  outputs: readonly number[],
  barriers: ReadonlySet<number>,
  excluded: ReadonlySet<NodeSpec>,
) {
  const states = new Map<number, RowState>();
  for (const value of outputs) states.set(value, "grid");
  const tail = new Set<NodeSpec>();
  /** Tensors whose sizes a node of the tail reads. */
  const sizesRead = new Map<NodeSpec, number[]>();
  const usedOutside = new Set<number>();
  for (const node of [...flow.nodes].reverse()) {
    if (!node.results.some((value) => cone.computed.has(value))) continue;
    const [result] = node.results;
    const state = states.get(result);
    const fits =
      node.results.length === 1 &&
      state !== undefined &&
      !excluded.has(node) &&
      !barriers.has(result) &&
      !usedOutside.has(result);
    const rule = fits ? new RowRule(flow, node, state).operands() : null;
    const clashes = rule?.operands.some(([value, wanted]) => (states.get(value) ?? wanted) !== wanted);
    if (rule && !clashes) {
      tail.add(node);
      for (const [value, wanted] of rule.operands) states.set(value, wanted);
      sizesRead.set(node, rule.sizesOf);
    } else if (node.type !== "number") {
      for (const value of flow.uses(node)) usedOutside.add(value);
    }
  }
  return { tail, states, sizesRead };
}

interface Operands {
  /** Tensors that the node reads by positions, and how they must hold them. */
  operands: [number, RowState][];
  sizesOf: number[];
}

class RowRule {
  constructor(
    private readonly flow: Dataflow,
    private readonly node: NodeSpec,
    private readonly state: RowState,
  ) {}

  /** What the operands must be for the result to be computed position by position; null when that is not known. */
  operands(): Operands | null {
    const { node, state } = this;
    const first = reference(node, 0);
    const one = (value: number | null): Operands | null =>
      value === null ? null : { operands: [[value, state]], sizesOf: [] };
    if (node.type === "alias") return one(first);
    if (node.type !== "operator") return null;
    const rank = this.rank(node.results[0]);
    const rows = state === "grid" ? 2 : 1;
    if (ELEMENTWISE.has(node.operator)) return this.elementwise(rank, rows);
    switch (node.operator) {
      case "aten::linear":
        return this.constants(0) && rank > rows ? one(first) : null;
      case "aten::addmm":
        return this.constants(1) && this.rank(reference(node, 0)) <= 1 && rows === 1
          ? one(reference(node, 1))
          : null;
      case "aten::mm":
        return this.constants(0) && rows === 1 ? one(first) : null;
      case "aten::matmul":
        return this.constants(0) && this.rank(reference(node, 1)) === 2 && rank > rows ? one(first) : null;
      case "aten::layer_norm":
      case "aten::rms_norm": {
        const over = sizes(node, 1);
        return this.constants(0) && over && rank - over.length >= rows ? one(first) : null;
      }
      case "aten::view":
      case "aten::reshape":
        return this.view(first, rank);
      case "aten::softmax":
      case "aten::log_softmax":
      case "aten::mean":
      case "aten::sum": {
        const dims = dimensions(node, ALONG.get(node.operator) ?? -1, this.rank(first));
        const keepsRank = this.rank(first) === rank;
        return keepsRank && dims?.every((dim) => dim >= rows) && this.constants(0) ? one(first) : null;
      }
    }
    return null;
  }

  private rank(value: number | null): number {
    return (value === null ? null : this.flow.info(value)?.shape?.length) ?? -1;
  }

  /** A weight, or something else that no position or input has a part in. */
  private isConstant(value: number): boolean {
    const node = this.flow.producer(value);
    if (node?.type === "alias") return this.flow.uses(node).every((source) => this.isConstant(source));
    return node === undefined && !this.flow.inputs.has(value);
  }

  private constants(except: number): boolean {
    return this.node.args.every(
      (_, i) => i === except || references(this.node, i).every((value) => this.isConstant(value)),
    );
  }

  private elementwise(rank: number, rows: number): Operands | null {
    const operands: [number, RowState][] = [];
    for (const value of this.flow.uses(this.node)) {
      if (this.rank(value) === rank && !this.isConstant(value)) operands.push([value, this.state]);
      else if (!this.isConstant(value) || this.rank(value) > rank - rows) return null;
    }
    return operands.length > 0 ? { operands, sizesOf: [] } : null;
  }

  /** A view that merges batch and position into one dimension, takes them apart again, or leaves them. */
  private view(first: number | null, rank: number): Operands | null {
    const shape = sizes(this.node, 1);
    if (first === null || !shape) return null;
    const from = this.rank(first);
    const read = shape.map((item) => this.sizeRead(item));
    if (read.includes(null)) return null;
    const items = read as { of: number | null; dim: number; size: number }[];
    const sizesOf = items.flatMap(({ of }) => of ?? []);
    const rows = this.state === "grid" ? 2 : 1;
    const [front, second] = items;
    const rest = items.slice(rows);
    // The dimensions behind the rows must not be inferred, and must not be sizes of rows.
    if (!rest.every(({ of, dim, size }) => (of === null ? size > 0 : dim >= 2))) return null;
    const isInferred = (item: { of: number | null; size: number }) => item.of === null && item.size === -1;
    const reads = (item: { of: number | null; dim: number }, dim: number) =>
      item.of !== null && item.dim === dim;
    if (this.state === "flat") {
      if (!isInferred(front) || from < 3 || rest.length !== 1 || !this.sameTail(first, from, 2, rank, 1))
        return null;
      return { operands: [[first, "grid"]], sizesOf };
    }
    const keepsRows = (reads(front, 0) || isInferred(front)) && reads(second, 1);
    if (!keepsRows) return null;
    const state: RowState = from === 2 && rank === 3 ? "flat" : "grid";
    const skip = state === "flat" ? 1 : 2;
    return this.sameTail(first, from, skip, rank, 2) ? { operands: [[first, state]], sizesOf } : null;
  }

  /** Whether the dimensions behind the rows have as many elements before as after, so that rows stay rows. */
  private sameTail(first: number, from: number, skip: number, rank: number, skipAfter: number): boolean {
    const before = this.flow.info(first)?.shape?.slice(skip, from);
    const after = this.flow.info(this.node.results[0])?.shape?.slice(skipAfter, rank);
    if (!before || !after) return false;
    const count = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
    return count(before) === count(after);
  }

  private sizeRead(item: SizeItem): { of: number | null; dim: number; size: number } | null {
    if (!item) return null;
    if ("size" in item) return { of: null, dim: -1, size: item.size };
    const number = this.flow.producer(item.value);
    const of = number?.operator === "size" ? reference(number, 0) : null;
    const dim = number && of !== null ? dimensions(number, 1, this.rank(of)) : null;
    return of === null || !dim ? null : { of, dim: dim[0], size: 0 };
  }
}
