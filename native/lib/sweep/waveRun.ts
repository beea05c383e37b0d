import { CancelledError } from "../errors";
import type { RunValue } from "../graph/native";
import { runUnpatched } from "../graph/patchScope";
import { CustomPatch } from "../patches/customPatch";
import type { Tensor } from "../tensor/tensor";
import { type NativeWeights, native, type Products, type Reason, type WaveProgress } from "./native";
import { selectPositions } from "./stacking";
import type { Survey } from "./survey";

/** What a wave gives; cells by their number in the job. */
export interface WaveResult {
  /** Cells that have what the base run has. */
  unchanged: number[];
  changed: number[];
  /** Of the changed cells, what the metric looks at: [cells, dimensions of the output…], cut to the positions it reads. */
  outputs: Tensor[];
  /** Whether threads took a few cells each through several steps. */
  isGrouped: boolean;
  /** Cells of which a part was computed once for several. */
  shared: ReadonlySet<number>;
  dropped: ReadonlyMap<number, string>;
  widened: ReadonlyMap<number, string>;
  separated: ReadonlyMap<number, string>;
}

/** What waves of one sweep have in common. */
export interface WaveOptions {
  products: Products;
  weights: NativeWeights | null;
  /** Whether threads may take a few cells each through several steps. */
  groups: boolean;
  /** Bytes of freed tensors that are kept for the next ones. */
  unused: number;
}

/** Runs cells of a survey, by their place in it, together. */
export async function runWave(
  survey: Survey,
  places: readonly number[],
  { products, weights, groups, unused }: WaveOptions,
  signal?: AbortSignal,
): Promise<WaveResult> {
  if (signal?.aborted) throw new CancelledError("the sweep was cancelled");
  const wave = native.startWave(survey.native.survey, places, products, weights, groups, unused);
  const cancel = () => native.cancelWave(wave);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    let progress = await native.advanceWave(wave);
    while (!progress.done) {
      progress = await native.advanceWave(wave, await customResult(survey, progress));
    }
    return resultOf(survey, places, progress);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function resultOf(
  { cells, positions, offset }: Survey,
  places: readonly number[],
  { changed, outputs, isGrouped, shared, dropped, widened, separated }: WaveProgress & { done: true },
): WaveResult {
  const reasons = (list: readonly Reason[]) => new Map(list.map(([place, why]) => [cells[place], why]));
  const without = new Set([...changed, ...dropped.map(([place]) => place)]);
  return {
    unchanged: places.filter((place) => !without.has(place)).map((place) => cells[place]),
    changed: changed.map((place) => cells[place]),
    outputs: positions
      ? outputs.map((output) =>
          selectPositions(
            output,
            positions.map((position) => position - offset),
            2,
          ),
        )
      : outputs,
    isGrouped,
    shared: new Set(shared.map((place) => cells[place])),
    dropped: reasons(dropped),
    widened: reasons(widened),
    separated: reasons(separated),
  };
}

/** What the custom patch makes of the value at which a wave stands. */
function customResult(
  survey: Survey,
  { cell, patch, isBase, value }: WaveProgress & { done: false },
): Promise<RunValue> | RunValue {
  const { job, cells, basePatches } = survey;
  const own = [...job.cells[cells[cell]].patches].flatMap(([target, list]) =>
    list.map((item) => ({ node: job.flow.info(target)?.name ?? "", custom: item })),
  );
  const { node, custom } = isBase ? { node: "", custom: basePatches[patch] } : own[patch];
  if (!(custom instanceof CustomPatch))
    throw new TypeError("a wave stands at a patch that is not JavaScript's");
  return runUnpatched(() => custom.apply(value, node));
}
