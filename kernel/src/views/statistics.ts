import type { ViewHistogram, ViewStatistics } from "../protocol";

/** Statistics and what the choice of a colour scale needs. */
export interface Summary extends ViewStatistics {
  /** Largest magnitude of a finite value; 0 without one. */
  magnitude: number;
  /** Root mean square of the finite values. */
  rms: number;
}

/** One pass over the values (and one for the deviation). `std` is the unbiased estimate, as torch.std gives it. */
export function summarize(values: ArrayLike<number>): Summary {
  let [count, sum, squares, nan, inf] = [0, 0, 0, 0, 0];
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) inf++;
    else {
      count++;
      sum += value;
      squares += value * value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (count === 0) return { min: null, max: null, mean: null, std: null, nan, inf, magnitude: 0, rms: 0 };
  const mean = sum / count;
  let deviations = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) deviations += (values[i] - mean) ** 2;
  }
  return {
    min,
    max,
    mean,
    std: count > 1 ? Math.sqrt(deviations / (count - 1)) : null,
    nan,
    inf,
    magnitude: Math.max(-min, max),
    rms: Math.sqrt(squares / count),
  };
}

/** The part of a summary that travels with a view. */
export function viewStatistics({ min, max, mean, std, nan, inf }: Summary): ViewStatistics {
  return { min, max, mean, std, nan, inf };
}

const BINS = 40;

/** How often finite values fall into 40 equal steps; null where they are all the same, or there are none. */
export function histogramOf(values: ArrayLike<number>, { min, max }: ViewStatistics): ViewHistogram | null {
  if (min === null || max === null || min === max) return null;
  const counts = new Array<number>(BINS).fill(0);
  const scale = BINS / (max - min);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isFinite(value)) counts[Math.min(BINS - 1, Math.floor((value - min) * scale))]++;
  }
  return { from: min, to: max, counts };
}

/** Values beyond this many times the root mean square are clipped… */
const CLIP_RMS = 4;
/** …where the largest lies this many times further out, so that colours are not spent on one outlier. */
const OUTLIER = 2;

/** Limit of a scale centred at zero, and whether values lie beyond it. */
export function symmetricLimit({ magnitude, rms }: Summary): { limit: number; clips: boolean } {
  const clipped = CLIP_RMS * rms;
  if (magnitude > OUTLIER * clipped && clipped > 0) return { limit: clipped, clips: true };
  return { limit: magnitude > 0 ? magnitude : 1, clips: false };
}

/** Four significant digits. */
export function formatNumber(value: number | null): string {
  if (value === null) return "–";
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude >= 1e5 || magnitude < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** `min -1.2, max 3.4, mean 0.1, std 0.9; 2 NaN`. */
export function describeStatistics({ min, max, mean, std, nan, inf }: ViewStatistics): string {
  const numbers = `min ${formatNumber(min)}, max ${formatNumber(max)}, mean ${formatNumber(mean)}, std ${formatNumber(std)}`;
  const odd = [nan > 0 ? `${nan} NaN` : "", inf > 0 ? `${inf} infinite` : ""].filter((part) => part !== "");
  return [numbers, ...odd].join("; ");
}
