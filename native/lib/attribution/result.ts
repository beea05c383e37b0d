import type { Correlation } from "../statistics/correlation";
import { mean, standardError } from "../statistics/moments";
import { SweepResult } from "../sweep/result";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/** A part of a node's value that is scored by itself: `token`, `head`, `query`, `key`, `hidden`. */
export type AttributionDim = "token" | "head" | "query" | "key" | "hidden";

/** Scores of one node. */
export interface NodeScores {
  node: string;
  /** One score a text and place, float64 [batch, …] by the dimensions asked for, on the CPU. */
  scores: Tensor;
}

/** A score beside the value that a patched run gives. */
export interface CheckedScore {
  node: string;
  /** Index on each dimension asked for. */
  place: number[];
  /** Means over the texts. */
  score: number;
  exact: number;
}

/** How well scores agree with exact values on places drawn at random. */
export interface AttributionCheck extends Correlation {
  places: readonly CheckedScore[];
}

/** One place of one node. */
export interface AttributionRow {
  node: string;
  /** Index on each dimension asked for, by name. */
  place: Partial<Record<AttributionDim, number>>;
  /** Mean over the texts. */
  score: number;
  /** Standard error of the mean; NaN for one text. */
  stderr: number;
  n: number;
}

/** First-order scores of nodes. */
export class AttributionResult {
  readonly #byNode: ReadonlyMap<string, NodeScores>;

  constructor(
    /** What was measured. */
    readonly label: string,
    /** The dimensions whose places have a score each. */
    readonly by: readonly AttributionDim[],
    readonly nodes: readonly NodeScores[],
    /** What was measured of the clean and of the corrupted run: one number a text. */
    readonly clean: readonly number[],
    readonly corrupted: readonly number[],
    /** Null when it was not asked for. */
    readonly check: AttributionCheck | null,
    /** Nodes that were asked for and do not have all the dimensions asked for. */
    readonly skipped: readonly string[],
    private readonly tokens: readonly string[] | null,
  ) {
    this.#byNode = new Map(nodes.map((scores) => [scores.node, scores]));
  }

  /** One row for each place of each node, in the nodes' order. */
  toTable(): AttributionRow[] {
    return this.nodes.flatMap(({ node, scores }) => {
      const [texts, ...sizes] = scores.shape;
      const values = scores.reshape([texts, -1]).tolist() as number[][];
      return values[0].map((_, i) => {
        const samples = values.map((row) => row[i]);
        const place = placeOf(i, sizes);
        return {
          node,
          place: Object.fromEntries(this.by.map((dim, d) => [dim, place[d]])),
          score: mean(samples),
          stderr: standardError(samples),
          n: texts,
        };
      });
    });
  }

  /** The `k` places of largest absolute score. */
  top(k = 10): AttributionRow[] {
    return this.toTable()
      .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
      .slice(0, k);
  }

  /** Scores of one node, float64 [batch, …]; its name as it was given. Undefined for a node that was not scored. */
  of(node: string): Tensor | undefined {
    return this.#byNode.get(node)?.scores;
  }

  /**
   * Scores of nodes that are the same thing in each layer as a grid, to be drawn: layer × place.
   * @param nodes one a layer, as they were named in the request. Scored by one dimension.
   * @throws RangeError when they were not, or have different numbers of places.
   */
  grid(nodes: readonly string[]): SweepResult {
    if (this.by.length !== 1) throw new RangeError("a grid needs scores by one dimension");
    const lists = nodes.map((node) => {
      const scores = this.of(node);
      if (!scores) throw new RangeError(`${node} was not scored`);
      return torch.t(scores).tolist() as number[][];
    });
    const [first] = lists;
    if (!lists.every(({ length }) => length === first.length)) {
      throw new RangeError("a grid needs nodes with as many places each");
    }
    const [dim] = this.by;
    const isTokens =
      (dim === "token" || dim === "query" || dim === "key") && this.tokens?.length === first.length;
    const labels = isTokens && this.tokens ? this.tokens : first.map((_, i) => String(i));
    return new SweepResult(
      `attribution to ${this.label}`,
      [
        { name: "layer", labels: nodes.map((_, i) => String(i)) },
        { name: dim, labels },
      ],
      lists.flat(),
      this.corrupted.map(() => 0),
      { base: 0, cells: 0, total: 0 },
      [],
    );
  }

  toString(): string {
    const by = this.by.length > 0 ? ` by ${this.by.join(", ")}` : "";
    const n = this.clean.length;
    const head = `attribution to ${this.label}${by}: ${this.nodes.length} nodes; clean ${mean(this.clean).toFixed(4)}, corrupted ${mean(this.corrupted).toFixed(4)} (n = ${n} ${n === 1 ? "text" : "texts"})`;
    const check = this.check
      ? [
          `against exact values: r = ${this.check.pearson.toFixed(3)}, of ranks ${this.check.spearman.toFixed(3)} (n = ${this.check.n} places drawn at random)`,
        ]
      : [];
    const rows = this.top().map(({ node, place, score }) => {
      const where = Object.entries(place).map(([dim, i]) => `${dim} ${i}`);
      return `  ${score.toFixed(4).padStart(9)}  ${[node, ...where].join(", ")}`;
    });
    return [head, ...check, ...rows].join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The index on each dimension of the `i`-th of places in row-major order. */
export function placeOf(i: number, sizes: readonly number[]): number[] {
  const place: number[] = [];
  let rest = i;
  for (let dim = sizes.length - 1; dim >= 0; dim--) {
    place[dim] = rest % sizes[dim];
    rest = Math.floor(rest / sizes[dim]);
  }
  return place;
}
