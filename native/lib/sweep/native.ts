import { binding } from "../binding";
import type { NativePatch, NativeRun, RunValue } from "../graph/native";
import type { Tensor } from "../tensor/tensor";
import type { ReadingForm } from "./metrics";

declare const handle: unique symbol;
/** What is known of all cells of a sweep, from one run of their base; opaque. */
export interface NativeSurvey {
  readonly [handle]: "survey";
}
/** Cells that are run together; opaque. */
export interface NativeWave {
  readonly [handle]: "wave";
}

/** Weights in oneDNN's layout, shared by the waves of a sweep; opaque. */
export interface NativeWeights {
  readonly [handle]: "weights";
}

export interface SurveyRequest {
  /** Sizes of dimensions 0 and 1 of the inputs. */
  texts: number;
  positions: number;
  /** Positions of the outputs that are read, from the first to after the last; null for all. */
  read: readonly [number, number] | null;
  /** Whether positions before a patch may be left as they are in the base run. */
  reusesPositions: boolean;
  /** What is read of the last dimension of the only output: `tokens` [texts, tokens] or [1, tokens]; null for all of it. */
  reading: { form: ReadingForm; tokens: Tensor } | null;
}

/** Estimates for each cell, and what all cells have in common. */
export interface NativeCells {
  survey: NativeSurvey;
  /** Positions that the cell's first patches change: from `begin` up to, but not with, `end`. */
  begin: Float64Array;
  end: Float64Array;
  /** Floating-point operations of the cell's matrix products. */
  work: Float64Array;
  /** The most bytes that the cell has at one time. */
  bytes: Float64Array;
  /** Of one run of the base. */
  baseWork: number;
  baseBytes: number;
  /** Whether outputs come cut to the positions that are read. */
  isCut: boolean;
  /** Bytes of the float32 weights on CPU that cells are multiplied by. */
  weightBytes: number;
  /** Whether waves give what is read only: [cells, texts, positions, tokens]. */
  isRead: boolean;
  /** Whether anything is multiplied by a float32 weight on CPU. */
  multiplies: boolean;
  /** Whether this machine's libtorch has oneDNN. */
  hasOneDnn: boolean;
}

/** How waves multiply by weights: as `optimize()` laid them out, by oneDNN as they lie, by the graph's own operators. */
export type Products = "packed" | "onednn" | "operator";

/** A patch of a cell; those with the same identity do the same, -1 is like no other. */
export type NativeCellPatch = NativePatch & { identity: number };

/** A cell, and why something was so for it. */
export type Reason = [cell: number, why: string];

/** Cells are numbered as in the survey. */
export type WaveProgress =
  | {
      done: true;
      /** Cells whose outputs may differ from the base run's. */
      changed: number[];
      /** For each output [changed cells, dimensions of the output…]; empty when nothing changed. */
      outputs: Tensor[];
      /** Whether groups of cells were taken through some steps. */
      isGrouped: boolean;
      /** Cells of which a part was computed once for several. */
      shared: number[];
      /** Cells that were not run, as they do not fit a wave. */
      dropped: Reason[];
      /** Cells for which positions before the patch were computed again. */
      widened: Reason[];
      /** Cells that were alone at a node. */
      separated: Reason[];
    }
  /** It stands at a custom patch: of the cell, or of the base run in that cell. */
  | { done: false; cell: number; patch: number; isBase: boolean; value: RunValue };

interface SweepBinding {
  /** Before the run begins: keeps what cells that patch these values will need of it; `packs`: it uses packed weights itself. */
  keepValues(run: NativeRun, patched: readonly number[], packs: boolean): void;
  /** Frees what the run kept; nothing can begin from it any more. The garbage collector does not see how much that is. */
  dropKeptValues(run: NativeRun): void;
  /** From a run that kept values and is over. @throws PatchError for a patch that cannot fit. */
  surveyCells(
    run: NativeRun,
    cells: readonly (readonly NativeCellPatch[])[],
    request: SurveyRequest,
  ): Promise<NativeCells>;
  /** Whether oneDNN is to be expected to multiply many rows faster than libtorch's own products do, on this processor. */
  oneDnnIsFaster: boolean;
  /** What each list of cells takes that are run together: floating-point operations of matrix products, and the most bytes at one time. */
  costOfChunks(
    survey: NativeSurvey,
    chunks: readonly (readonly number[])[],
    groups: boolean,
  ): Promise<{ work: number; bytes: number }[]>;
  /** Lays weights out when they are first needed: `kept` bytes of them once and for all, others anew up to `passing` bytes at a time. */
  sweepWeights(kept: number, passing: number): NativeWeights;
  /** After the last wave; the garbage collector does not see how much that is. */
  dropSweepWeights(weights: NativeWeights): void;
  /**
   * `weights`: for `"onednn"`, null to take weights as they lie.
   * `groups`: whether threads may take a few cells each through several steps.
   * `unused`: bytes of freed tensors that it keeps for its next ones.
   */
  startWave(
    survey: NativeSurvey,
    cells: readonly number[],
    products: Products,
    weights: NativeWeights | null,
    groups: boolean,
    unused: number,
  ): NativeWave;
  /** Goes on, on the engine thread; `result` is what the custom patch gave. */
  advanceWave(wave: NativeWave, result?: RunValue): Promise<WaveProgress>;
  cancelWave(wave: NativeWave): void;
}

declare module "../binding" {
  interface Binding extends SweepBinding {}
}

/** The sweeps' part of the addon. */
export const native: SweepBinding = binding;
