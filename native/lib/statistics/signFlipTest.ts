import { checkChoice, checkCount, checkFinite, checkInteger } from "../checks";
import { ArgumentError } from "../errors";
import { mean } from "./moments";
import { randomNumbers } from "./random";

export interface SignFlipOptions {
  /** Which means count as at least as extreme: "two-sided" unless given. */
  alternative?: "two-sided" | "greater" | "less";
  /** Sign assignments to look at; 10,000 unless given. When there are no more than these, all are looked at and the test is exact. */
  flips?: number;
  /** 0 unless given. */
  seed?: number;
}

/** What a sign-flip test found. */
export interface SignFlipResult {
  mean: number;
  pValue: number;
  /** Values tested. The smallest p-value that is possible with them is 1 / 2ⁿ, twice that for two sides. */
  n: number;
  /** Sign assignments looked at. */
  flips: number;
  /** Whether those were all there are. */
  exact: boolean;
}

/**
 * Permutation test of paired differences (one for each prompt: patched − unpatched): were the patch without effect, each difference
 * might as well have the other sign. The p-value is the share of sign assignments whose mean is at least as extreme as the one
 * found; drawn at random, the assignment found counts as one of them (Phipson & Smyth 2010). For many cells at once see
 * {@link adjustPValues}.
 * @throws ArgumentError for no values, and one that is no finite number.
 */
export function signFlipTest(differences: readonly number[], options: SignFlipOptions = {}): SignFlipResult {
  const { alternative = "two-sided", flips = 10_000, seed = 0 } = options;
  const n = differences.length;
  if (n === 0) throw new ArgumentError("signFlipTest needs at least one difference");
  checkFinite("signFlipTest: differences", differences);
  checkChoice("alternative", alternative, ["two-sided", "greater", "less"]);
  checkCount("flips", flips);
  checkInteger("seed", seed);
  const found = differences.reduce((sum, value) => sum + value, 0);
  // Sums of the same numbers in other signs differ by rounding.
  const slack = 1e-12 * differences.reduce((sum, value) => sum + Math.abs(value), 0);
  const isExtreme = (sum: number): boolean => {
    if (alternative === "greater") return sum >= found - slack;
    if (alternative === "less") return sum <= found + slack;
    return Math.abs(sum) >= Math.abs(found) - slack;
  };
  const exact = n < 31 && 2 ** n <= flips;
  const random = randomNumbers(seed);
  const count = exact ? 2 ** n : flips;
  let extreme = 0;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const flipped = exact ? ((i >> j) & 1) === 1 : random() < 0.5;
      sum += flipped ? -differences[j] : differences[j];
    }
    if (isExtreme(sum)) extreme++;
  }
  const pValue = exact ? extreme / count : (extreme + 1) / (count + 1);
  return { mean: mean(differences), pValue, n, flips: count, exact };
}
