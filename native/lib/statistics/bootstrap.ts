import { checkCount, checkFinite, checkInteger } from "../checks";
import { ArgumentError } from "../errors";
import { mean } from "./moments";
import { randomNumbers } from "./random";

/** An estimate with the interval that it lies in, and the number of values it is made from. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
  n: number;
}

export interface BootstrapOptions {
  /** 0.95 unless given. */
  confidence?: number;
  /** 2000 unless given. */
  resamples?: number;
  /** 0 unless given. */
  seed?: number;
}

/**
 * Percentile bootstrap of the mean (Efron & Tibshirani 1993, ch. 13): values are drawn with replacement. Give one value for each
 * independent unit (a prompt), not for each noise sample of one prompt. With one value the interval is that value.
 * @throws ArgumentError for no values, one that is no finite number, or a confidence outside of 0 … 1.
 */
export function bootstrapInterval(values: readonly number[], options: BootstrapOptions = {}): Interval {
  if (values.length === 0) throw new ArgumentError("bootstrapInterval needs at least one value");
  checkFinite("bootstrapInterval: values", values);
  return resample(values.length, options, (indices) => mean(indices.map((i) => values[i])));
}

/** (value − corrupted) / (clean − corrupted): 0 where a patch changes nothing, 1 where it brings back the clean run. */
export function normalizedRecovery(value: number, clean: number, corrupted: number): number {
  return (value - corrupted) / (clean - corrupted);
}

/** What was measured of each prompt, in the same order. */
export interface RecoveryValues {
  /** With the patch. */
  values: readonly number[];
  clean: readonly number[];
  corrupted: readonly number[];
}

/**
 * Normalised recovery over prompts with its bootstrap interval: the recovery of the means, Σ(value − corrupted) / Σ(clean − corrupted), so that a
 * prompt that the corruption hardly changes cannot outweigh all others, as it would in the mean of the ratios. Prompts are
 * resampled with their three numbers together.
 * @throws ArgumentError for no prompts, lists of different lengths, numbers that are not finite, and where the corruption changes nothing on average.
 */
export function recoveryInterval(
  { values, clean, corrupted }: RecoveryValues,
  options: BootstrapOptions = {},
): Interval {
  if (values.length === 0) throw new ArgumentError("recoveryInterval needs at least one prompt");
  if (clean.length !== values.length || corrupted.length !== values.length) {
    throw new ArgumentError(
      `recoveryInterval: ${values.length} values, ${clean.length} clean and ${corrupted.length} corrupted ones`,
    );
  }
  checkFinite("recoveryInterval: values, clean and corrupted", [...values, ...clean, ...corrupted]);
  if (mean(clean) === mean(corrupted)) {
    throw new ArgumentError(
      "recoveryInterval: the clean and the corrupted values have the same mean, so there is nothing to recover",
    );
  }
  return resample(values.length, options, (indices) => {
    const of = (list: readonly number[]) => mean(indices.map((i) => list[i]));
    return normalizedRecovery(of(values), of(clean), of(corrupted));
  });
}

/** The statistic of all units, and the percentiles of those of resampled ones. */
function resample(
  n: number,
  { confidence = 0.95, resamples = 2000, seed = 0 }: BootstrapOptions,
  statistic: (indices: readonly number[]) => number,
): Interval {
  if (!(confidence > 0 && confidence < 1)) throw new ArgumentError("confidence must lie between 0 and 1");
  checkCount("resamples", resamples);
  checkInteger("seed", seed);
  const random = randomNumbers(seed);
  const all = Array.from({ length: n }, (_, i) => i);
  const drawn = Array.from({ length: resamples }, () =>
    statistic(all.map(() => Math.floor(random() * n))),
  ).sort((a, b) => a - b);
  const at = (share: number) => percentile(drawn, share);
  return { mean: statistic(all), low: at((1 - confidence) / 2), high: at((1 + confidence) / 2), n };
}

/** Linear between the two nearest of sorted values, as NumPy's `quantile`. */
function percentile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
