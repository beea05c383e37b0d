import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeProgress } from "./format";
import { progress } from "./iterate";
import { Progress, setProgressDisplay } from "./progress";

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.useFakeTimers();
  setProgressDisplay(() => ({
    show: (text) => void lines.push(text),
    end: (text) => void lines.push(`end: ${text}`),
  }));
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  setProgressDisplay(null);
});

it.each([
  ["items", 3, 4, "", 2000, "x █░ 3/4 · 1.5 /s · 2.0 s, 0.7 s left"],
  ["cells", 500, 500, "cells", 2000, "x █ 500/500 cells · 250 /s · 2.0 s"],
  ["bytes", 0.5e9, 2e9, "B", 2000, "x █░ 0.5/2.0 GB · 250.0 MB/s · 2.0 s, 6.0 s left"],
  ["slow work", 1, 100, "", 90_000, "x ░ 1/100 · 1 min 30 s each · 1 min 30 s, 2 h 28 min left"],
  ["nothing yet", 0, 0, "", 100, "x ░ 0/0 · 0.1 s"],
  ["an unknown total", 7, null, "nodes", 1000, "x 7 nodes · 7.0 /s · 1.0 s"],
])("describes %s", (_what, done, total, unit, elapsed, text) => {
  const squeezed = describeProgress({ label: "x", done, total, unit }, elapsed)
    .replace(/█+/, "█")
    .replace(/░+/, "░");
  expect(squeezed).toBe(text);
});

describe("a piece of work", () => {
  it("is silent when it is quick", () => {
    const work = new Progress("x", { total: 2 });
    work.update(1);
    vi.advanceTimersByTime(400);
    work.update(2);
    work.end();
    expect(lines).toEqual([]);
  });

  it("is shown from half a second on, ten times a second at most, and stays as one line", () => {
    {
      using work = new Progress("x", { total: 1000 });
      for (let i = 1; i <= 1000; i++) {
        vi.advanceTimersByTime(1);
        work.update(i);
      }
    }
    expect(lines.length).toBe(7);
    expect(lines[0]).toContain(" 500/1000 ");
    expect(lines.at(-1)).toMatch(/^end: x █+ 1000\/1000 · 1000 \/s · 1\.0 s$/);
  });

  it("keeps to what was done when it fails", () => {
    const work = new Progress("x", { total: 10 });
    vi.advanceTimersByTime(600);
    work.update(3);
    work.end();
    work.update(4);
    work.end();
    expect(lines.map((line) => /\d+\/10/.exec(line)?.[0])).toEqual(["3/10", "3/10"]);
  });
});

describe("progress(items)", () => {
  it("goes over lists, sets and generators", () => {
    function* numbers() {
      yield* [1, 2];
    }
    const seen: number[] = [];
    for (const items of [[1, 2], new Set([1, 2]), numbers()]) {
      for (const item of progress(items, "steps")) {
        vi.advanceTimersByTime(600);
        seen.push(item);
      }
    }
    expect(seen).toEqual([1, 2, 1, 2, 1, 2]);
    expect(lines.filter((line) => line.startsWith("end: steps"))).toHaveLength(3);
    expect(lines[0]).toContain(" 1/2 ");
    expect(lines.at(-1)).toContain("steps 2 · ");
  });

  it("goes over what comes later, and ends when the loop is left", async () => {
    async function* later() {
      yield* ["a", "b", "c"];
    }
    for await (const item of progress(later(), "batches", { total: 3 })) {
      vi.advanceTimersByTime(600);
      if (item === "b") break;
    }
    expect(lines.at(-1)).toMatch(/^end: batches █+░+ 1\/3/);
  });
});

describe("on a terminal", () => {
  function terminal(isTTY: boolean) {
    const write = vi.fn((_: string) => true);
    vi.spyOn(process, "stderr", "get").mockReturnValue({ isTTY, columns: 40, write } as never);
    setProgressDisplay(null);
    return () => write.mock.calls.map(([text]) => text);
  }

  it("is written over in place, and only one at a time", () => {
    const written = terminal(true);
    const [first, second] = [new Progress("first", { total: 4 }), new Progress("second", { total: 4 })];
    vi.advanceTimersByTime(600);
    first.update(1);
    second.update(1);
    first.end();
    second.end();
    expect(written().map((text) => text.slice(0, 11))).toEqual(["\r\u001b[2Kfirst ", "\r\u001b[2Kfirst "]);
    expect(written()[0].length).toBe(5 + 39);
    expect(written()[1]).toMatch(/\n$/);
  });

  it("is nothing where the output goes elsewhere", () => {
    const written = terminal(false);
    const work = new Progress("x", { total: 4 });
    vi.advanceTimersByTime(600);
    work.update(1);
    work.end();
    expect(written()).toEqual([]);
  });
});
