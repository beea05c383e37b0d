import { describe, expect, it } from "vitest";
import { type Notebook, outputsOf, runNotebook, tablesOf, textOf, viewMime } from "./notebook";

describe("04-induction-heads.ipynb tells the truth", () => {
  let notebook: Notebook;
  runNotebook("04-induction-heads.ipynb", (executed) => {
    notebook = executed;
  });

  /** Rows of a table as numbers. */
  const numbers = (id: string, ...columns: string[]) =>
    tablesOf(notebook, id).map((row) => columns.map((column) => Number(row[column])));
  /** The first and the last values of each line that `lineChart` printed. */
  const linesOf = (id: string) =>
    [...textOf(notebook, id).matchAll(/^(.*): (.*) {2}\(\d+ values\)$/gm)].map(([, , list]) => {
      const [start, end] = list.split(" …,").map((part) =>
        part
          .split(",")
          .map(Number)
          .filter((value) => !Number.isNaN(value)),
      );
      return { start, end };
    });

  it("the loss begins where guessing is, log 50 = 3.9, and ends near zero", () => {
    const [{ start, end }] = linesOf("train");
    expect(start[0]).toBeGreaterThan(3.5);
    expect(start[0]).toBeLessThan(5);
    for (const value of end) expect(value).toBeLessThan(0.15);
  });

  it("the second half is predicted, the first is not", () => {
    const [{ start, end }] = linesOf("positions");
    for (const value of start) expect(value).toBeLessThan(0.2);
    for (const value of end) expect(value).toBeGreaterThan(0.9);
  });

  it("heads of layer 0 look at the token before, all heads of layer 1 are induction heads", () => {
    const scores = numbers("scores", "layer", "head", "previous", "induction");
    expect(scores).toHaveLength(8);
    const [first, second] = [0, 1].map((layer) => scores.filter((score) => score[0] === layer));
    expect(Math.max(...first.map(([, , previous]) => previous))).toBeGreaterThan(0.8);
    for (const [, , previous, induction] of second) {
      expect(induction).toBeGreaterThan(0.8);
      expect(previous).toBeLessThan(0.4);
    }
  });

  it("the sweep singles out a previous-token head; no induction head is missed alone", () => {
    const changes = numbers("table", "layer", "head", "change", "n");
    const scores = numbers("scores", "layer", "head", "previous");
    const worst = changes.reduce((a, b) => (b[2] < a[2] ? b : a));
    expect(worst[0]).toBe(0);
    expect(scores.find(([layer, head]) => layer === 0 && head === worst[1])?.[2]).toBeGreaterThan(0.8);
    for (const [layer, , change, n] of changes) {
      expect(n).toBe(64);
      if (layer === 1) expect(Math.abs(change)).toBeLessThan(0.5 * Math.abs(worst[2]));
    }
  });

  it("without previous-token heads the induction heads find nothing, and the prediction collapses", () => {
    const before = numbers("scores", "layer", "induction").filter(([layer]) => layer === 1);
    const after = numbers("collapse", "induction");
    after.forEach(([induction], i) => {
      expect(induction).toBeLessThan(0.6 * before[i][1]);
    });
    const [whole, without, control] = linesOf("collapse").map(
      ({ end }) => end.reduce((a, b) => a + b) / end.length,
    );
    expect(whole).toBeGreaterThan(0.95);
    expect(without).toBeLessThan(0.6);
    expect(control).toBeGreaterThan(without + 0.2);
  });

  it("they are read by the keys, not by queries or values", () => {
    const [queries, keys, values] = numbers("path", "log p").map(([value]) => value);
    expect(keys).toBeLessThan(-1);
    expect(Math.abs(queries)).toBeLessThan(0.2);
    expect(Math.abs(values)).toBeLessThan(0.2);
  });

  it.each(["train", "sweep", "pattern", "collapse"])("the cell %s is drawn", (id) => {
    const data = outputsOf(notebook, id).find((output) => output.data?.["image/png"])?.data ?? {};
    expect(Object.keys(data)).toEqual(expect.arrayContaining([viewMime, "image/png", "text/plain"]));
  });
});
