import type { RunInputs } from "../graph/inputs";
import type { AnyNodes, NodeName, NodeNames, PatchMap } from "../graph/nodeTypes";
import type { GraphRunner } from "../graph/runner";
import type { Axis, Cells } from "./cells";
import type { Metric, MetricFunction } from "./metrics";
import { native, type Products } from "./native";
import type { SweepPlan } from "./planSweep";
import type { SweepResult } from "./result";

/** Ways of saving work that a sweep may use; each is exact to rounding. All are on unless turned off, or said otherwise. */
export interface SweepLevels {
  /** Begin at the patched nodes, with what the base run has there. */
  upstream?: boolean;
  /** Compute patches that cells have in common once: of many cells as a base of their own, of others until they part. */
  shared?: boolean;
  /** Run cells together; each joins at the first node that it patches. */
  batch?: boolean;
  /** Leave positions before a patch as they are in the base run, where what they see shows that nothing can have changed. */
  causal?: boolean;
  /** Compute, where positions do not see one another any more, only those that the metric reads. */
  positions?: boolean;
  /** Take a few cells at a time through all steps between two patches, each thread its own: what they compute stays in its caches. */
  groups?: boolean;
  /** Multiply by weights with oneDNN, float32 on CPU. Unless given, where that is faster than the library that libtorch multiplies with (not on Intel's processors), or where `optimize()` has laid the weights out for it. */
  onednn?: boolean;
}

/** A cell that is done. */
export interface DoneCell {
  /** In row-major order. */
  index: number;
  /** One number a text. */
  samples: readonly number[];
}

export interface SweepOptions<Nodes extends NodeNames = AnyNodes> {
  inputs: RunInputs;
  /** Patches by node for each cell, in nested lists: `cells[layer][position]`. */
  cells: Cells<Nodes>;
  /** `logProbability({ token })` or another built-in metric; or a function of one cell's outputs by name: `({ logits }) => …`. */
  metric: Metric | MetricFunction;
  /** For a function: the nodes whose values it is given; the model's logits or only output unless given. */
  outputs?: readonly string[];
  /** For a function: positions of dimension 1 that it reads; its outputs are cut to them. All unless given. */
  positions?: readonly number[];
  /** Patches that hold in every cell, before the cell's own. */
  base?: PatchMap<Nodes>;
  /** Names of the grid's axes, with what their places are called. */
  axes?: readonly (Axis | string)[];
  /**
   * For graphs that draw random numbers (dropout in training mode): every run begins with it, `torch.manual_seed(seed)`, so that cells differ by their
   * patches alone and a sweep gives the same numbers again. Each run goes on drawing unless given. Such cells are run one by one.
   */
  seed?: number;
  /** Runs each cell by itself, as `pg.patch(cell, () => pg.run(inputs))` does. */
  exact?: boolean;
  levels?: SweepLevels;
  /** Bytes that the base run's values and the cells of one batch may take together, as estimated; 1 GiB unless given. One cell is always run. */
  memoryLimit?: number;
  /** Cancels between two operators; what was done is in the error's `result`. */
  signal?: AbortSignal;
  /** Called with the cells that were just measured. */
  onCells?: (cells: readonly DoneCell[]) => void;
  /** What an earlier sweep of the same cells has done already. */
  resume?: SweepResult;
}

/** Options with names of outputs that are checked as literals. */
type CheckedOptions<Nodes extends NodeNames, K extends string> = SweepOptions<Nodes> & {
  outputs?: readonly NodeName<K, Nodes>[];
};

interface Sweeps<Nodes extends NodeNames> {
  sweep<K extends string = never>(options: CheckedOptions<Nodes, K>): Promise<SweepResult>;
  /** What the sweep would do. */
  plan<K extends string = never>(options: CheckedOptions<Nodes, K>): Promise<SweepPlan>;
}

/** `pg.sweep(options)`, and `pg.sweep.plan(options)`. */
export type Sweep<Nodes extends NodeNames = AnyNodes> = Sweeps<Nodes>["sweep"] & Pick<Sweeps<Nodes>, "plan">;

/** How waves multiply by weights. */
export function productsOf(runner: GraphRunner, { onednn }: Required<SweepLevels>): Products {
  if (!onednn) return "operator";
  return runner.isPacked ? "packed" : "onednn";
}

/** `memoryLimit` unless it is given. */
export const DEFAULT_MEMORY = 2 ** 30;

/** Which levels are on, in a graph whose weights are packed or not. */
export function readLevels(
  { exact = false, levels }: SweepOptions,
  isPacked: boolean,
): Required<SweepLevels> {
  const all = !exact;
  const every = {
    upstream: all,
    shared: all,
    batch: all,
    causal: all,
    positions: all,
    groups: all,
    onednn: all && (isPacked || native.oneDnnIsFaster),
  };
  return { ...every, ...(exact ? {} : levels) };
}
