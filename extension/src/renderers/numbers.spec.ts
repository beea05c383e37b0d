import { nullTranslator } from "@jupyterlab/translation";
import { describe, expect, it } from "vitest";
import { describeStatistics, formatValue, largest } from "./numbers";
import { shorten } from "./plotlyText";

const trans = nullTranslator.load("graphpatch");

describe("numbers", () => {
  it.each([
    [0.123456, "0.1235"],
    [-3, "−3"],
    [1234.5678, "1235"],
    [-1.2346e-7, "−1.235e-7"],
    [2.5e9, "2.500e+9"],
    [0, "0"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("writes %s as %s", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it("describes statistics, and counts what is not finite apart", () => {
    expect(describeStatistics({ min: -1, max: 2, mean: 0.5, std: 1, nan: 0, inf: 0 }, trans)).toBe(
      "min −1 · max 2 · mean 0.5 · std 1",
    );
    expect(
      describeStatistics({ min: null, max: null, mean: null, std: null, nan: 1200, inf: 3 }, trans),
    ).toBe("1,200 NaN · 3 infinite");
  });

  it("finds the largest finite value", () => {
    expect(largest([[1, -5, Number.NaN], [Number.POSITIVE_INFINITY]])).toBe(5);
    expect(largest([])).toBe(0);
  });

  it("shortens in the middle, by characters and not their halves", () => {
    expect(shorten("abcdefghij", 5)).toBe("ab…ij");
    expect(shorten("🙂🙂🙂🙂", 3)).toBe("🙂…🙂");
    expect(shorten("abc", 5)).toBe("abc");
  });
});
