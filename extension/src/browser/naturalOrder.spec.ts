import { describe, expect, it } from "vitest";
import { compareNatural, splitNumber } from "./naturalOrder";

describe("natural order", () => {
  it("sorts numbers as numbers, and the unnumbered name first", () => {
    const names = ["mul_10", "mul_2", "add", "mul", "mul_1"];
    expect([...names].sort(compareNatural)).toEqual(["add", "mul", "mul_1", "mul_2", "mul_10"]);
  });

  it.each([
    ["mul_12", "mul", 12],
    ["mul", "mul", -1],
    ["q_proj", "q_proj", -1],
    ["_3", "_3", -1],
    ["h_", "h_", -1],
  ])("splits %s", (name, base, number) => {
    expect(splitNumber(name)).toEqual([base, number]);
  });
});
