import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../errors";
import {
  adjustPValues,
  bootstrapInterval,
  correlation,
  normalizedRecovery,
  recoveryInterval,
  signFlipTest,
} from ".";

interface Recovery {
  values: number[];
  clean: number[];
  corrupted: number[];
  mean: number;
  interval: [number, number];
}

/** What SciPy says: test/fixtures/make/make_statistics.py. */
const expected = JSON.parse(
  readFileSync(join(__dirname, "../../../test/fixtures/expected/statistics.json"), "utf8"),
) as {
  values: number[];
  interval: [number, number];
  recovery: Recovery;
  effects: number[];
  sign_flip: Record<"two-sided" | "greater" | "less", number>;
  p_values: number[];
  holm: number[];
  "benjamini-hochberg": number[];
  a: number[];
  b: number[];
  pearson: number;
  spearman: number;
};

/** Ends of intervals from random resamples lie within a tenth of the interval's width of SciPy's. */
function expectEnds(
  { low, high }: { low: number; high: number },
  [wantedLow, wantedHigh]: [number, number],
): void {
  const width = wantedHigh - wantedLow;
  expect(Math.abs(low - wantedLow)).toBeLessThan(0.1 * width);
  expect(Math.abs(high - wantedHigh)).toBeLessThan(0.1 * width);
}

describe("bootstrap intervals", () => {
  test("are SciPy's percentile intervals", () => {
    const interval = bootstrapInterval(expected.values, { resamples: 5000 });
    expect(interval.n).toBe(40);
    expectEnds(interval, expected.interval);
    expect(bootstrapInterval(expected.values, { resamples: 5000 })).toEqual(interval);
    expect(bootstrapInterval(expected.values, { seed: 1 }).low).not.toBe(interval.low);
    const narrow = bootstrapInterval(expected.values, { confidence: 0.5 });
    expect(narrow.high - narrow.low).toBeLessThan(0.5 * (interval.high - interval.low));
  });

  test("of one value are that value, and of none are refused", () => {
    expect(bootstrapInterval([0.3])).toEqual({ mean: 0.3, low: 0.3, high: 0.3, n: 1 });
    expect(() => bootstrapInterval([])).toThrow(ArgumentError);
    expect(() => bootstrapInterval([1], { confidence: 1 })).toThrow(/between 0 and 1/);
    expect(() => bootstrapInterval([1], { resamples: 0 })).toThrow(ArgumentError);
  });
});

describe("recovery", () => {
  test("over prompts is that of the means, with SciPy's interval", () => {
    const interval = recoveryInterval(expected.recovery, { resamples: 5000 });
    expect(interval.mean).toBeCloseTo(expected.recovery.mean, 12);
    expect(interval.n).toBe(40);
    expectEnds(interval, expected.recovery.interval);
  });

  test("of one number, and of lists that do not fit", () => {
    expect(normalizedRecovery(0.4, 0.6, 0.2)).toBeCloseTo(0.5);
    expect(() => recoveryInterval({ values: [1, 2], clean: [1], corrupted: [0, 0] })).toThrow(
      /2 values, 1 clean/,
    );
    expect(() => recoveryInterval({ values: [], clean: [], corrupted: [] })).toThrow(ArgumentError);
  });
});

describe("the sign-flip test", () => {
  test.each(["two-sided", "greater", "less"] as const)("gives SciPy's exact p-value, %s", (alternative) => {
    const result = signFlipTest(expected.effects, { alternative });
    expect(result).toMatchObject({ n: 12, flips: 4096, exact: true });
    expect(result.pValue).toBeCloseTo(expected.sign_flip[alternative], 12);
  });

  test("comes close to it with random assignments, and never says 0", () => {
    const result = signFlipTest(expected.effects, { flips: 4000, seed: 2 });
    expect(result).toMatchObject({ flips: 4000, exact: false });
    expect(Math.abs(result.pValue - expected.sign_flip["two-sided"])).toBeLessThan(0.03);
    const sure = signFlipTest(
      Array.from({ length: 60 }, () => 1),
      { flips: 100 },
    );
    expect(sure.pValue).toBeCloseTo(1 / 101, 12);
  });

  test("counts equal differences as equal whatever rounding does, and refuses what it cannot test", () => {
    // 0.1 + 0.2 − 0.3 is not 0 in floating point.
    expect(signFlipTest([0.1, 0.2, -0.3]).pValue).toBe(1);
    expect(signFlipTest([1, 1, 1]).pValue).toBe(2 / 8);
    expect(() => signFlipTest([])).toThrow(ArgumentError);
    expect(() => signFlipTest([1, Number.NaN])).toThrow(/finite/);
  });
});

describe("adjusted p-values", () => {
  test.each(["holm", "benjamini-hochberg"] as const)("%s", (adjustment) => {
    const adjusted = adjustPValues(expected.p_values, adjustment);
    adjusted.forEach((p, i) => {
      expect(p).toBeCloseTo(expected[adjustment][i], 12);
    });
  });

  test("leave out cells that were not tested", () => {
    expect(adjustPValues([0.01, Number.NaN, 0.04])).toEqual([0.02, Number.NaN, 0.04]);
    expect(() => adjustPValues([1.5])).toThrow(/1.5 is not a p-value/);
  });
});

test("correlations are SciPy's, ties among the ranks too", () => {
  const { pearson, spearman, n } = correlation(expected.a, expected.b);
  expect(n).toBe(30);
  expect(pearson).toBeCloseTo(expected.pearson, 12);
  expect(spearman).toBeCloseTo(expected.spearman, 12);
  expect(correlation([1, 1], [2, 3]).pearson).toBeNaN();
  expect(() => correlation([1], [])).toThrow(ArgumentError);
});

describe("what is no number, and options that cannot be", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "bootstrap of NaN",
      () => bootstrapInterval([1, Number.NaN]),
      /values must all be finite.*number 1 is NaN/,
    ],
    [
      "recovery of infinities",
      () => recoveryInterval({ values: [1], clean: [Number.POSITIVE_INFINITY], corrupted: [0] }),
      /must all be finite/,
    ],
    [
      "recovery of nothing",
      () => recoveryInterval({ values: [1, 2], clean: [1, 3], corrupted: [3, 1] }),
      /nothing to recover/,
    ],
    ["a seed between two", () => bootstrapInterval([1], { seed: 0.5 }), /seed must be an integer/],
    [
      "another alternative",
      () => signFlipTest([1], { alternative: "both" as "less" }),
      /alternative must be/,
    ],
    ["another adjustment", () => adjustPValues([0.1], "bonferroni" as "holm"), /adjustment must be "holm"/],
  ])("%s is refused", (_, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });

  // scipy.stats.spearmanr says nan, too.
  test("have no correlation", () => {
    expect(correlation([1, Number.NaN, 3], [1, 2, 3])).toEqual({
      pearson: Number.NaN,
      spearman: Number.NaN,
      n: 3,
    });
  });
});
