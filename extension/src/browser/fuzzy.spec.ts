import { describe, expect, it } from "vitest";
import { matchWords } from "./fuzzy";

const PATH = "transformer.h_17.mlp.act.mul_3";

function parts(query: string, path: string): string[] | null {
  return matchWords(query, path)?.map(({ start, end }) => path.slice(start, end)) ?? null;
}

describe("fuzzy search", () => {
  it("finds the beginnings of words in order", () => {
    expect(parts("h17mlpmul3", PATH)).toEqual(["h", "17", "mlp", "mul", "3"]);
    expect(parts("tr17ac", PATH)).toEqual(["tr", "17", "ac"]);
  });

  it("finds nothing in the middle of words or out of order", () => {
    expect(parts("ormer", PATH)).toBeNull();
    expect(parts("mulmlp", PATH)).toBeNull();
    expect(parts("h7", PATH)).toBeNull();
    expect(parts("", PATH)).toBeNull();
  });

  it("takes a shorter part of a word where the rest needs it", () => {
    expect(parts("mulp", "mul.up")).toBeNull();
    expect(parts("mm", "mmm.m")).toEqual(["mm"]);
    expect(parts("abac", "aba.bac")).toEqual(["a", "bac"]);
  });

  it("gives up on hostile names instead of hanging", () => {
    const started = performance.now();
    expect(parts(`${"a".repeat(40)}b`, `${"a.".repeat(900)}c_b`)).not.toBeUndefined();
    expect(performance.now() - started).toBeLessThan(500);
  });
});
