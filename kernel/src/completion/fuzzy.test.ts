import { expect, it } from "vitest";
import { matchesWords } from "./fuzzy";

it.each([
  ["h17mlpmul3", "transformer.h_17.mlp.act.mul_3", true],
  ["tfh1", "transformer.h_17", false],
  ["trh1", "transformer.h_17", true],
  ["mul3", "act.mul_13", false],
  ["ul", "act.mul", false],
  ["mm", "mlp.mul", true],
])("%s in %s: %s", (typed, path, expected) => {
  expect(matchesWords(typed, path)).toBe(expected);
});

it("is quick with names made to be slow", () => {
  const started = performance.now();
  expect(matchesWords(`${"a".repeat(60)}b`, "a_".repeat(3000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(5000);
});
