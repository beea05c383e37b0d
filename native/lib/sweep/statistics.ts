import { ArgumentError } from "../errors";
import { mean } from "./result";

/** An estimate with the interval that it lies in, and the number of values it is made from. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
  n: number;
}

/**
 * Percentile bootstrap of the mean (Efron & Tibshirani 1993, ch. 13): values are drawn with replacement `resamples` times.
 * @param options confidence 0.95, resamples 2000 and seed 0 unless given.
 * @throws ArgumentError for no values, or a confidence outside of 0 … 1.
 */
export function bootstrapInterval(
  values: readonly number[],
  options: { confidence?: number; resamples?: number; seed?: number } = {},
): Interval {
  const { confidence = 0.95, resamples = 2000, seed = 0 } = options;
  if (values.length === 0) throw new ArgumentError("bootstrapInterval needs at least one value");
  if (!(confidence > 0 && confidence < 1)) throw new ArgumentError("confidence must lie between 0 and 1");
  if (!Number.isInteger(resamples) || resamples < 1)
    throw new ArgumentError("resamples must be a positive integer");
  const random = randomNumbers(seed);
  const means = Array.from({ length: resamples }, () =>
    mean(values.map(() => values[Math.floor(random() * values.length)])),
  ).sort((a, b) => a - b);
  const at = (share: number) =>
    means[Math.min(resamples - 1, Math.max(0, Math.round(share * (resamples - 1))))];
  return {
    mean: mean(values),
    low: at((1 - confidence) / 2),
    high: at((1 + confidence) / 2),
    n: values.length,
  };
}

/** (value − corrupted) / (clean − corrupted): 0 where a patch changes nothing, 1 where it brings back the clean run. */
export function normalizedRecovery(value: number, clean: number, corrupted: number): number {
  return (value - corrupted) / (clean - corrupted);
}

/** Uniform numbers in [0, 1), the same for the same seed (Mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
