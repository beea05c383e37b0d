import type { Dataflow } from "../graph/dataflow";
import type { NodeSpec } from "../graph/spec";
import { dimensions, reference, references, type SizeItem, sizes } from "./arguments";
import { ALONG, ELEMENTWISE } from "./operatorKinds";

/**
 * How a value follows the batch. `rows`: dimension 0 is the batch, or the batch times something with the batch outermost, and each
 * text's rows depend on that text alone. `same`: it is the same for every batch. `scaled`: a number that grows with the batch.
 * `unknown`: nothing is known, so texts may have been mixed.
 */
export type BatchLabel = "rows" | "same" | "scaled" | "unknown";

/** Labels of all values of a graph, by rules for each operator; an operator without a rule gives `unknown`. */
export function labelBatch(flow: Dataflow): Map<number, BatchLabel> {
  const labels = new Map<number, BatchLabel>();
  for (const value of flow.inputs) labels.set(value, flow.info(value)?.shape === null ? "same" : "rows");
  for (const { value } of flow.captured.spec.constants) labels.set(value, "same");
  for (const node of flow.nodes) {
    const label = new Labelling(flow, labels, node).result();
    for (const result of node.results) labels.set(result, label);
  }
  return labels;
}

class Labelling {
  constructor(
    private readonly flow: Dataflow,
    private readonly labels: ReadonlyMap<number, BatchLabel>,
    private readonly node: NodeSpec,
  ) {}

  result(): BatchLabel {
    const { node } = this;
    const used = this.flow.uses(node).map((value) => this.label(value));
    if (used.includes("unknown")) return "unknown";
    if (used.every((label) => label === "same")) return "same";
    if (node.type === "alias") return used[0];
    if (node.type === "number") return this.number();
    return this.operator();
  }

  private label(value: number): BatchLabel {
    return this.labels.get(value) ?? "unknown";
  }

  private rank(value: number | null): number {
    return (value === null ? null : this.flow.info(value)?.shape?.length) ?? -1;
  }

  private get resultRank(): number {
    return this.rank(this.node.results[0]);
  }

  private number(): BatchLabel {
    const { node } = this;
    if (node.operator === "size") {
      const of = reference(node, 0);
      const dim = dimensions(node, 1, this.rank(of));
      if (of === null || !dim || this.label(of) !== "rows") return "unknown";
      return dim[0] === 0 ? "scaled" : "same";
    }
    const labels = node.args.map((_, i) => {
      const value = reference(node, i);
      return value === null ? "same" : this.label(value);
    });
    return node.operator === "mul" && labels.filter((label) => label === "scaled").length === 1
      ? "scaled"
      : "unknown";
  }

  private operator(): BatchLabel {
    const { node } = this;
    const first = reference(node, 0);
    const scaled = this.flow.uses(node).some((value) => this.label(value) === "scaled");
    switch (node.operator) {
      case "aten::view":
      case "aten::reshape":
      case "aten::_unsafe_view":
        return this.rowsOf(first) && this.isRowShape(sizes(node, 1)) ? "rows" : "unknown";
      case "aten::expand":
        return this.expand(first);
      case "aten::zeros":
      case "aten::ones":
      case "aten::full":
        return this.isRowShape(sizes(node, 0)) ? "rows" : "unknown";
    }
    // Numbers that grow with the batch mean sizes; what else they would do here is not known.
    if (scaled) return "unknown";
    return this.plainOperator(first) ? "rows" : "unknown";
  }

  private plainOperator(first: number | null): boolean {
    const { node } = this;
    if (ELEMENTWISE.has(node.operator)) return this.elementwise();
    switch (node.operator) {
      case "aten::linear":
        return this.rowsOf(first) && this.rank(first) >= 2 && this.othersAreSame(0);
      case "aten::addmm": {
        const bias = reference(node, 0);
        return this.rowsOf(reference(node, 1)) && this.othersAreSame(1) && this.rank(bias) <= 1;
      }
      case "aten::mm":
        return this.rowsOf(first) && this.othersAreSame(0);
      case "aten::bmm":
        return this.rowsOf(first) && this.rowsOf(reference(node, 1));
      case "aten::matmul":
        return this.matmul();
      case "aten::scaled_dot_product_attention":
        return this.attention();
      case "aten::embedding":
        return this.isSame(first) && this.rowsOf(reference(node, 1));
      case "aten::layer_norm":
      case "aten::rms_norm":
        return this.norm(first);
      case "aten::transpose":
      case "aten::permute":
      case "aten::flatten":
        return this.rowsOf(first) && this.keepsFirst(this.rank(first));
      case "aten::stack":
        return references(node, 0).every((value) => this.rowsOf(value)) && this.avoidsFirst(1);
    }
    return this.along(first);
  }

  private rowsOf(value: number | null): boolean {
    return value !== null && this.label(value) === "rows";
  }

  private isSame(value: number | null): boolean {
    return value !== null && this.label(value) === "same";
  }

  private othersAreSame(except: number): boolean {
    return this.node.args.every(
      (_, i) => i === except || references(this.node, i).every((value) => this.isSame(value)),
    );
  }

  /** Rows stay rows if they have the result's rank; what is the same for all texts may only broadcast. */
  private elementwise(): boolean {
    const rank = this.resultRank;
    return this.flow
      .uses(this.node)
      .every((value) =>
        this.label(value) === "rows" ? this.rank(value) === rank : this.broadcasts(value, rank),
      );
  }

  /** A value that is the same for all texts and has no size of its own in dimension 0 of a result of `rank`. */
  private broadcasts(value: number, rank: number): boolean {
    const shape = this.flow.info(value)?.shape;
    // A number, or a tensor of the graph itself that nothing names: a scalar constant has no shape to disturb.
    if (!shape) return this.flow.producer(value)?.type === "number";
    return shape.length < rank || shape[0] === 1;
  }

  private matmul(): boolean {
    const [a, b] = [reference(this.node, 0), reference(this.node, 1)];
    if (a === null || b === null) return false;
    const rank = this.resultRank;
    if (this.rowsOf(a) && this.rowsOf(b)) return this.rank(a) === rank && this.rank(b) === rank && rank >= 3;
    if (this.rowsOf(a)) return this.rank(a) >= 2 && (this.rank(b) <= 2 || this.broadcasts(b, rank));
    return this.rank(b) >= 3 && (this.rank(a) <= 2 || this.broadcasts(a, rank));
  }

  private attention(): boolean {
    const { node } = this;
    const tensors = [0, 1, 2].map((i) => reference(node, i));
    const mask = reference(node, 3);
    const isFine = tensors.every((value) => this.rowsOf(value) && this.rank(value) === 4);
    return (
      isFine && (mask === null || (this.rowsOf(mask) ? this.rank(mask) === 4 : this.broadcasts(mask, 4)))
    );
  }

  private norm(first: number | null): boolean {
    const over = sizes(this.node, 1);
    return this.rowsOf(first) && over !== null && over.length < this.rank(first) && this.othersAreSame(0);
  }

  private keepsFirst(rank: number): boolean {
    const { node } = this;
    if (node.operator === "aten::permute") return dimensions(node, 1, rank)?.[0] === 0;
    const dims = [1, 2].map((i) => dimensions(node, i, rank)?.[0]);
    return dims.every((dim) => dim !== undefined && dim > 0);
  }

  private avoidsFirst(argument: number): boolean {
    const rank = this.node.operator === "aten::stack" || this.node.operator === "aten::unsqueeze";
    const of = references(this.node, 0)[0] ?? null;
    const dims = dimensions(this.node, argument, this.rank(of) + (rank ? 1 : 0));
    return dims?.every((dim) => dim > 0) ?? false;
  }

  private along(first: number | null): boolean {
    const { node } = this;
    const argument = ALONG.get(node.operator);
    if (argument === undefined || !this.avoidsFirst(argument)) return false;
    if (node.operator === "aten::cat") return references(node, 0).every((value) => this.rowsOf(value));
    if (node.operator === "aten::gather") return this.rowsOf(first) && this.rowsOf(reference(node, 2));
    return this.rowsOf(first) && this.othersAreSame(0);
  }

  /** A shape whose dimension 0 grows with the batch and whose other dimensions do not. */
  private isRowShape(shape: SizeItem[] | null): boolean {
    if (!shape) return false;
    const [front, ...rest] = shape;
    const inferred = rest.filter((item) => item !== null && "size" in item && item.size === -1).length;
    if (!rest.every((item) => item && ("size" in item || this.isSame(item.value)))) return false;
    if (!front) return false;
    if ("value" in front) return this.label(front.value) === "scaled";
    return front.size === -1 && inferred === 0;
  }

  private expand(first: number | null): BatchLabel {
    const shape = sizes(this.node, 1);
    if (first === null || !shape) return "unknown";
    const [front, ...rest] = shape;
    const isFine = rest.every((item) => item && ("size" in item || this.isSame(item.value)));
    if (!front || !isFine) return "unknown";
    if (this.label(first) === "rows") {
      const keeps = "value" in front ? this.label(front.value) === "scaled" : front.size === -1;
      return keeps && shape.length === this.rank(first) ? "rows" : "unknown";
    }
    const grows = "value" in front && this.label(front.value) === "scaled";
    return grows && this.isSame(first) && this.broadcasts(first, shape.length) ? "rows" : "unknown";
  }
}
