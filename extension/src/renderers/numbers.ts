import type { ViewStatistics } from "@graphpatch/kernel/protocol";
import type { TranslationBundle } from "@jupyterlab/translation";

/** Four significant digits, as the pictures write values: `0.1235`, `-1.235e-7`, `NaN`, `∞`. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = size >= 1e5 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
  return digits.replace(/^-/, "−");
}

/** The statistics of a tensor in one line; what was not finite is counted apart. */
export function describeStatistics(statistics: ViewStatistics, trans: TranslationBundle): string {
  const { min, max, mean, std, nan, inf } = statistics;
  const parts = [
    [trans.__("min"), min],
    [trans.__("max"), max],
    [trans.__("mean"), mean],
    [trans.__("std"), std],
  ].flatMap(([name, value]) => (typeof value === "number" ? [`${name} ${formatValue(value)}`] : []));
  if (nan > 0) parts.push(trans.__("%1 NaN", nan.toLocaleString("en")));
  if (inf > 0) parts.push(trans.__("%1 infinite", inf.toLocaleString("en")));
  return parts.join(" · ");
}

/** Largest finite absolute value; 0 for none. */
export function largest(rows: readonly ArrayLike<number>[]): number {
  let limit = 0;
  for (const row of rows) {
    for (let at = 0; at < row.length; at++) {
      const size = Math.abs(row[at]);
      if (size > limit && size !== Number.POSITIVE_INFINITY) limit = size;
    }
  }
  return limit;
}
