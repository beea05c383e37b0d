import { describe, expect, it } from "vitest";
import { FigureError, readFigure } from "./figure";

const base64 = (values: number[]) => {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return btoa(String.fromCharCode(...bytes));
};
const heatmap = (z: unknown, more = {}) => ({ data: [{ type: "heatmap", z, ...more }] });
const rowsOf = (figure: unknown) => {
  const [trace] = readFigure(figure).traces;
  return trace.kind === "heatmap" ? trace.rows.map((row) => Array.from(row)) : null;
};

describe("reading a figure", () => {
  it("reads nested lists and base64", () => {
    expect(
      rowsOf(
        heatmap([
          [1, 2],
          [3, null],
        ]),
      ),
    ).toEqual([
      [1, 2],
      [3, Number.NaN],
    ]);
    expect(rowsOf(heatmap({ dtype: "f4", bdata: base64([1, 2, 3, 4, 5, 6]), shape: "2, 3" }))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it("keeps NaN and infinities", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    expect(rowsOf(heatmap({ dtype: "f4", bdata: base64(values), shape: "2, 2" }))?.flat()).toEqual(values);
  });

  it("reads lines, titles and ticks", () => {
    const figure = readFigure({
      data: [{ y: { dtype: "f4", bdata: base64([1, 2]) }, x: [0, 5], name: "loss" }],
      layout: {
        title: { text: "T" },
        xaxis: { title: "step", tickvals: [0, 1], ticktext: ["a", "b"] },
        yaxis: { type: "log" },
      },
    });
    expect(figure).toMatchObject({
      title: "T",
      xTitle: "step",
      xTicks: { values: [0, 1], labels: ["a", "b"] },
      isYLogarithmic: true,
    });
    expect(figure.traces[0]).toMatchObject({ kind: "line", name: "loss", x: [0, 5] });
  });

  it.each([
    ["nothing", undefined],
    ["no data", { layout: {} }],
    ["text", "figure"],
    ["a trace of another type", { data: [{ type: "scattermapbox" }] }],
    ["no values", heatmap(undefined)],
    ["rows of different lengths", heatmap([[1], [1, 2]])],
    ["values that are text", heatmap([["1"]])],
    ["damaged base64", heatmap({ dtype: "f4", bdata: "?", shape: "1, 1" })],
    ["cut-off base64", heatmap({ dtype: "f4", bdata: btoa("abc"), shape: "1, 1" })],
    ["a shape that is not filled", heatmap({ dtype: "f4", bdata: base64([1]), shape: "2, 2" })],
    ["a negative shape", heatmap({ dtype: "f4", bdata: base64([1]), shape: "-1, -1" })],
    ["an unknown type", heatmap({ dtype: "constructor", bdata: base64([1]), shape: "1, 1" })],
    ["no table", heatmap({ dtype: "f4", bdata: base64([1]), shape: "1" })],
    ["damaged ticks", { data: [], layout: { xaxis: { ticktext: ["a"], tickvals: ["b"] } } }],
  ])("refuses %s", (_, figure) => {
    expect(() => readFigure(figure)).toThrow(FigureError);
  });

  it("refuses more than a page can draw before it decodes it", () => {
    const huge = { dtype: "u1", bdata: "A".repeat(8_000_000), shape: "1, 6000000" };
    expect(() => readFigure(heatmap(huge))).toThrow(/too many/);
  });
});
