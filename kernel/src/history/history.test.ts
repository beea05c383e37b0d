import { describe, expect, it } from "vitest";
import { globMatcher, History, type HistoryEntry } from "./history";

function history(earlier: HistoryEntry[] = []): History {
  const made = new History({ load: () => earlier, append: () => undefined });
  made.add(1, "a = 1");
  made.add(2, "b = 2");
  made.setOutput(2, "2");
  made.add(3, "a = 1");
  return made;
}

describe("History", () => {
  it("gives the tail, with outputs when asked", () => {
    expect(history().reply({ hist_access_type: "tail", n: 2, output: true })).toEqual({
      status: "ok",
      history: [
        [1, 2, ["b = 2", "2"]],
        [1, 3, ["a = 1", null]],
      ],
    });
  });

  it("counts sessions on from earlier ones", () => {
    const made = history([{ session: 4, line: 1, input: "old", output: null }]);
    expect(made.reply({ hist_access_type: "range", session: 0, start: 1, stop: 2 }).history).toEqual([
      [5, 1, "a = 1"],
    ]);
    expect(made.reply({ hist_access_type: "range", session: -1 }).history).toEqual([[4, 1, "old"]]);
  });

  it("searches, once each when asked", () => {
    const search = { hist_access_type: "search", pattern: "a*" };
    expect(history().reply(search).history).toHaveLength(2);
    expect(history().reply({ ...search, unique: true }).history).toEqual([[1, 3, "a = 1"]]);
  });

  it("answers nonsense with nothing", () => {
    expect(history().reply({ hist_access_type: 7 })).toEqual({ status: "ok", history: [] });
  });
});

it("matches patterns with * and ?", () => {
  expect(globMatcher("a*c")("abbc")).toBe(true);
  expect(globMatcher("a?c")("abc")).toBe(true);
  expect(globMatcher("a?c")("abbc")).toBe(false);
  expect(globMatcher("*".repeat(30))("x".repeat(1000))).toBe(true);
  expect(globMatcher("(a.c")("(abc")).toBe(false);
});
