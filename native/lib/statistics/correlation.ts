import { ArgumentError } from "../errors";
import { mean } from "./moments";

/** How two lists of numbers go together. */
export interface Correlation {
  /** Of the numbers; NaN where one list does not vary, or holds what is no number. */
  pearson: number;
  /** Of their ranks. */
  spearman: number;
  n: number;
}

/** Pearson's correlation, and Spearman's of the ranks (ties share the mean rank). @throws ArgumentError for lists of different lengths. */
export function correlation(a: readonly number[], b: readonly number[]): Correlation {
  if (a.length !== b.length) throw new ArgumentError(`correlation: ${a.length} and ${b.length} numbers`);
  // What is no number has no rank.
  const spearman = [...a, ...b].some(Number.isNaN) ? Number.NaN : pearson(ranks(a), ranks(b));
  return { pearson: pearson(a, b), spearman, n: a.length };
}

function pearson(a: readonly number[], b: readonly number[]): number {
  const [centreA, centreB] = [mean(a), mean(b)];
  let [both, onlyA, onlyB] = [0, 0, 0];
  a.forEach((value, i) => {
    both += (value - centreA) * (b[i] - centreB);
    onlyA += (value - centreA) ** 2;
    onlyB += (b[i] - centreB) ** 2;
  });
  return both / Math.sqrt(onlyA * onlyB);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((x, y) => values[x] - values[y]);
  const result = values.map(() => 0);
  for (let first = 0; first < order.length; ) {
    let next = first + 1;
    while (next < order.length && values[order[next]] === values[order[first]]) next++;
    for (let i = first; i < next; i++) result[order[i]] = (first + next - 1) / 2;
    first = next;
  }
  return result;
}
