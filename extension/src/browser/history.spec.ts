import { describe, expect, it } from "vitest";
import { NavigationHistory } from "./history";

describe("the history of visited nodes", () => {
  it("goes back to where a link was followed, and forward again", () => {
    const history = new NavigationHistory();
    expect(history.go(-1)).toBeNull();
    history.visit("a", "b");
    history.visit("b", "c");
    expect([history.go(-1), history.go(-1), history.go(-1)]).toEqual(["b", "a", null]);
    expect(history.has(-1)).toBe(false);
    expect([history.go(1), history.go(1), history.go(1)]).toEqual(["b", "c", null]);
  });

  it("forgets what lay ahead, and remembers where one went without a link", () => {
    const history = new NavigationHistory();
    history.visit("a", "b");
    history.go(-1);
    history.visit("x", "c");
    expect(history.has(1)).toBe(false);
    expect([history.go(-1), history.go(-1)]).toEqual(["x", "a"]);
  });

  it("does not grow for ever", () => {
    const history = new NavigationHistory();
    for (let at = 0; at < 300; at++) history.visit(null, `n${at}`);
    let steps = 0;
    while (history.go(-1) !== null) steps++;
    expect(steps).toBe(99);
  });
});
