import { checkChoice } from "../checks";
import { ArgumentError } from "../errors";

/**
 * `holm`: with adjusted values below α, the chance of even one false finding is below α (Holm 1979). `benjamini-hochberg`: no more
 * than the share α of the findings is false on average (Benjamini & Hochberg 1995).
 */
export type Adjustment = "holm" | "benjamini-hochberg";

/**
 * P-values adjusted for their number: of 300 cells without any effect, 15 have p < 0.05 by chance.
 * @param adjustment "holm" unless given.
 * @returns in the same order. NaN (a cell that was not tested) stays NaN and does not count.
 * @throws ArgumentError for numbers outside of 0 … 1.
 */
export function adjustPValues(pValues: readonly number[], adjustment: Adjustment = "holm"): number[] {
  checkChoice("adjustment", adjustment, ["holm", "benjamini-hochberg"]);
  const wrong = pValues.find((p) => !Number.isNaN(p) && !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new ArgumentError(`${wrong} is not a p-value`);
  const order = pValues.map((_, i) => i).filter((i) => !Number.isNaN(pValues[i]));
  order.sort((a, b) => pValues[a] - pValues[b]);
  const count = order.length;
  const adjusted = pValues.map(() => Number.NaN);
  if (adjustment === "holm") {
    let largest = 0;
    order.forEach((i, rank) => {
      largest = Math.max(largest, pValues[i] * (count - rank));
      adjusted[i] = Math.min(1, largest);
    });
    return adjusted;
  }
  let smallest = 1;
  for (let rank = count - 1; rank >= 0; rank--) {
    const i = order[rank];
    smallest = Math.min(smallest, (pValues[i] * count) / (rank + 1));
    adjusted[i] = smallest;
  }
  return adjusted;
}
