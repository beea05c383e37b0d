import type { BlockNodes } from "../sweep/blocks";
import type { Tensor } from "../tensor/tensor";
import type { Distance } from "./compare";

/** How far a node's value is from that of the other run. */
export interface NodeDifference extends Distance {
  node: string;
  /** Operator that made the value, or `output`, `argument`, … */
  operator: string;
  shape: number[];
  dtype: string;
}

/** Relative changes of one kind of node, for each layer and token. */
export interface DifferenceGrid {
  /** The node of each layer. */
  nodes: readonly string[];
  /** ‖b − a‖ / ‖a‖ over all that a token has there: [layer][token]. */
  values: readonly (readonly number[])[];
}

interface Parts {
  nodes: readonly NodeDifference[];
  grids: Partial<Record<keyof BlockNodes, DifferenceGrid>>;
  incomparable: readonly { node: string; a: number[]; b: number[] }[];
  tokens: readonly string[] | null;
  tolerance: number;
  /** Runs both sides again for one node. */
  again: (node: string) => Promise<{ a: Tensor; b: Tensor; difference: Tensor }>;
}

/** Two runs of a graph, compared node by node. */
export class RunDifference {
  /** Every node that was compared, in execution order. */
  readonly nodes: readonly NodeDifference[];
  /** Layer × token, for models whose blocks are known and texts of one length. */
  readonly grids: Partial<Record<keyof BlockNodes, DifferenceGrid>>;
  /** Nodes whose values have different shapes in the two runs. */
  readonly incomparable: readonly { node: string; a: number[]; b: number[] }[];
  /** Texts of the tokens; where those of the runs differ, both: `Rome → Paris`. */
  readonly tokens: readonly string[] | null;
  /** Relative change up to which a node counts as unchanged. */
  readonly tolerance: number;
  readonly #again: Parts["again"];

  constructor({ nodes, grids, incomparable, tokens, tolerance, again }: Parts) {
    this.nodes = nodes;
    this.grids = grids;
    this.incomparable = incomparable;
    this.tokens = tokens;
    this.tolerance = tolerance;
    this.#again = again;
  }

  /** The nodes that changed by more than the tolerance, in execution order. */
  get changed(): readonly NodeDifference[] {
    return this.nodes.filter((one) => isChanged(one, this.tolerance));
  }

  /** Where the runs part: the first node in execution order that changed; null where none did. */
  get first(): NodeDifference | null {
    return this.nodes.find((one) => isChanged(one, this.tolerance)) ?? null;
  }

  /** Of one node, by its full name; undefined for one that was not compared. */
  of(node: string): NodeDifference | undefined {
    return this.nodes.find((one) => one.node === node);
  }

  /** The `k` nodes of largest relative change. */
  top(k = 10): NodeDifference[] {
    return [...this.changed].sort((one, other) => rank(other) - rank(one)).slice(0, k);
  }

  /** The values of one node in both runs, and b − a: both are run again. @throws UnknownNodeError */
  values(node: string): Promise<{ a: Tensor; b: Tensor; difference: Tensor }> {
    return this.#again(node);
  }

  toString(): string {
    const { first, changed, nodes, incomparable } = this;
    const head = `difference of two runs: ${changed.length} of ${nodes.length} nodes changed${first ? `, first ${first.node}` : ""}`;
    const skipped =
      incomparable.length > 0 ? [`${incomparable.length} nodes have other shapes and are left out`] : [];
    const rows = this.top().map(
      ({ node, relative, norm, maxChange }) =>
        `  ${percent(relative).padStart(9)}  ‖b − a‖ ${norm.toPrecision(4)}  max ${maxChange.toPrecision(4)}  ${node}`,
    );
    return [head, ...skipped, ...(rows.length > 0 ? ["largest relative changes:", ...rows] : [])].join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function isChanged({ relative }: NodeDifference, tolerance: number): boolean {
  // NaN is where only one of the runs has one: a change.
  return !(relative <= tolerance);
}

function rank({ relative }: NodeDifference): number {
  return Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
}

function percent(relative: number): string {
  return Number.isFinite(relative) ? `${(100 * relative).toPrecision(3)} %` : String(relative);
}
