import { binding } from "../binding";
import type { NativePatch, NativeRun, RunValue } from "../graph/native";
import type { Tensor } from "../tensor/tensor";

declare const handle: unique symbol;
/** What is known of all cells of a sweep, from one run of their base; opaque. */
export interface NativeSurvey {
  readonly [handle]: "survey";
}
/** Cells that are run together; opaque. */
export interface NativeWave {
  readonly [handle]: "wave";
}

export interface SurveyRequest {
  /** Sizes of dimensions 0 and 1 of the inputs. */
  texts: number;
  positions: number;
  /** Positions of the outputs that are read, from the first to after the last; null for all. */
  read: readonly [number, number] | null;
  /** Whether positions before a patch may be left as they are in the base run. */
  reusesPositions: boolean;
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
  /** Whether anything is multiplied by a float32 weight on CPU. */
  multiplies: boolean;
  /** Whether this machine's libtorch has oneDNN. */
  hasOneDnn: boolean;
}

/** How waves multiply by weights: as `optimize()` laid them out, by oneDNN as they lie, by the graph's own operators. */
export type Products = "packed" | "onednn" | "operator";

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
    cells: readonly (readonly NativePatch[])[],
    request: SurveyRequest,
  ): Promise<NativeCells>;
  /** `unused`: bytes of freed tensors that it keeps for its next ones. */
  startWave(survey: NativeSurvey, cells: readonly number[], products: Products, unused: number): NativeWave;
  /** Goes on, on the engine thread; `result` is what the custom patch gave. */
  advanceWave(wave: NativeWave, result?: RunValue): Promise<WaveProgress>;
  cancelWave(wave: NativeWave): void;
}

declare module "../binding" {
  interface Binding extends SweepBinding {}
}

/** The sweeps' part of the addon. */
export const native: SweepBinding = binding;
