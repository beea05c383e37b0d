import type { View } from "@graphpatch/kernel/protocol";
import { nullTranslator } from "@jupyterlab/translation";
import { describe, expect, it } from "vitest";
import { activationView } from "./activation/body";
import { drawPlane } from "./activation/draw";
import { drawHead } from "./attention/draw";
import { readHeads } from "./attention/heads";
import type { Figure, Theme } from "./drawing";
import { FigureError, readFigure } from "./figure";
import { lineView } from "./line";
import { storedPlane } from "./planeData";
import { readView } from "./readView";
import { defaultRegistry } from "./registry";

const trans = nullTranslator.load("graphpatch");
const theme: Theme = {
  isDark: false,
  font: "sans-serif",
  text: "black",
  mutedText: "grey",
  grid: "silver",
  background: "white",
  accent: "red",
  lines: ["blue", "orange"],
};
const view: View = {
  kind: "activation",
  node: "mlp.act",
  shape: [1, 2, 6],
  dtype: "float32",
  dims: ["batch", "token", "hidden"],
  tokens: [" a", "<b>"],
  statistics: null,
  truncated: "every 2nd of 6 hidden",
  clip: null,
};
const figure = (z: number[][], more = {}, layout = {}): Figure =>
  readFigure({ data: [{ type: "heatmap", z, ...more }], layout });
const drawActivation = (own: View, values: Figure, colours: Theme) =>
  drawPlane(own, storedPlane(own, values), colours, values.colorLimits?.max ?? null, null, trans);
const place = (row: number, column: number) => ({ trace: 0, row, column });

describe("an activation", () => {
  const drawing = drawActivation(
    view,
    figure(
      [
        [1, -3, 0],
        [0, 2, 1],
      ],
      { x: [0, 2, 4] },
    ),
    theme,
  );

  it("is centred at zero", () => {
    expect(drawing.data[0]).toMatchObject({ zmin: -3, zmax: 3 });
  });

  it("names the exact place in the whole tensor", () => {
    expect(drawing.readout(place(0, 1))).toEqual(["token 0: ␣a", "hidden 2", "−3"]);
    expect(drawing.readout(place(9, 9))).toEqual([]);
  });

  it("says which entries a merged cell stands for", () => {
    const merged = figure(
      [[1, 2]],
      {},
      { xaxis: { title: "hidden", tickvals: [0, 1], ticktext: ["0", "3"] } },
    );
    expect(drawActivation(view, merged, theme).readout(place(0, 1))[1]).toBe("hidden 3–5");
  });

  it("escapes tokens for plotly", () => {
    expect(drawing.layout.yaxis).toMatchObject({ ticktext: ["␣a", "&lt;b&gt;"] });
  });

  it("says what is clipped", () => {
    const clipped = drawActivation(
      { ...view, clip: 1 },
      figure([
        [1, -3, 0],
        [0, 2, 1],
      ]),
      theme,
    );
    expect(clipped.data[0]).toMatchObject({ zmin: -1, zmax: 1 });
    expect(clipped.notes).toEqual(["Values beyond ±1 have the colour of the limit."]);
  });

  it("marks NaN and infinities", () => {
    const odd = [
      [Number.NaN, Number.POSITIVE_INFINITY, 1],
      [Number.NEGATIVE_INFINITY, 0, 0],
    ];
    const { data, notes } = drawActivation(view, figure(odd), theme);
    expect(data.slice(1)).toMatchObject([
      { x: [0], y: [0], marker: { symbol: "x-thin" } },
      { x: [1], y: [0], marker: { symbol: "triangle-up" } },
      { x: [0], y: [1], marker: { symbol: "triangle-down" } },
    ]);
    expect(notes).toEqual(["× marks NaN.", "▲ and ▼ mark ∞ and −∞."]);
    expect(data[0]).toMatchObject({ zmin: -1, zmax: 1 });
  });

  it("limits the marks, and says so", () => {
    const all = [Array.from({ length: 3000 }, () => Number.NaN)];
    const { data, notes } = drawActivation(view, figure(all), theme);
    expect(data[1].x).toHaveLength(2000);
    expect(notes.at(-1)).toMatch(/2,000 of 3,000/);
  });

  it("has a scale for nothing but zeros", () => {
    expect(drawActivation(view, figure([[0, 0]]), theme).data[0]).toMatchObject({ zmin: -1, zmax: 1 });
  });

  it("refuses a figure without a heat map", () => {
    expect(() => drawActivation(view, readFigure({ data: [] }), theme)).toThrow(FigureError);
    expect(() => drawActivation(view, readFigure({ data: [{ y: [1] }] }), theme)).toThrow(/no heat map/);
  });
});

describe("an attention pattern", () => {
  const attention = { ...view, kind: "attention" as const, shape: [1, 2, 2], dims: ["head", "query", "key"] };
  const heads = readHeads(
    attention,
    figure([
      [1, 0],
      [0.25, 0.75],
    ]),
  );
  const drawing = drawHead(attention, heads.heads[0], heads, theme, trans);

  it("begins at zero", () => {
    expect(drawing.layout.coloraxis).toMatchObject({ cmin: 0, cmax: 1 });
  });

  it("shows every head of several, and names it", () => {
    const many = readFigure({
      data: [
        { type: "heatmap", z: [[0, 1]] },
        { type: "heatmap", z: [[0.5, 0]] },
      ],
      layout: {
        coloraxis: { cmin: 0, cmax: 1 },
        annotations: [{ text: "head 0" }, { text: "head &lt;1&gt;" }],
      },
    });
    const square = { row: 1, column: 2, index: [0, 0, 0], rowsPerCell: 1, columnsPerCell: 1 };
    const read = readHeads({ ...attention, heads: [4, 7], plane: square }, many);
    expect(read.heads).toMatchObject([
      { title: "head 0", number: 4 },
      { title: "head <1>", number: 7 },
    ]);
    const { readout, link } = drawHead(attention, read.heads[1], read, theme, trans);
    expect(readout(place(0, 0))).toEqual(["head <1>", "from query 0: ␣a", "to key 0: ␣a", "0.5"]);
    expect(link?.(place(0, 1))).toEqual({ node: "mlp.act", token: 0, head: 7 });
  });

  it("frames the row of a token that is pointed at elsewhere", () => {
    expect(drawing.frames?.({ token: 1 })).toMatchObject([{ rows: [1, 1], columns: [0, 1] }]);
    expect(drawing.frames?.({ token: 9 })).toEqual([]);
    expect(drawing.frames?.({ layer: 1 })).toEqual([]);
  });

  it("says from where to where", () => {
    expect(drawing.readout(place(1, 0))).toEqual(["head 0", "from query 1: <b>", "to key 0: ␣a", "0.25"]);
  });
});

describe("a plane of a tensor", () => {
  const plane = { row: 1, column: 2, index: [0, 0, 0], rowsPerCell: 1, columnsPerCell: 3 };
  const data = storedPlane(
    { ...view, plane },
    figure([
      [1, 2],
      [Number.NaN, 4],
    ]),
  );
  const drawing = drawPlane(view, data, theme, 5, null, trans);

  it("has axes that count entries of the tensor", () => {
    expect(drawing.data[0]).toMatchObject({ x0: 1, dx: 3, y0: 0, dy: 1, zmin: -5, zmax: 5 });
    expect(drawing.data[1]).toMatchObject({ x: [1], y: [1] });
    expect(drawing.layout.xaxis).toMatchObject({ tickvals: [0, 1, 2, 3, 4, 5] });
    expect(drawing.layout.yaxis).toMatchObject({ ticktext: ["␣a", "&lt;b&gt;"] });
    expect(drawing.readout(place(0, 1))[1]).toBe("hidden 3–5");
  });

  it("is linked by its node and token", () => {
    expect(drawing.link?.(place(1, 0))).toEqual({ node: "mlp.act", token: 1 });
    expect(drawing.frames?.({ token: 1 })).toMatchObject([{ rows: [1, 1], columns: [0, 1] }]);
  });
});

describe("a line", () => {
  it("escapes names and titles, and reads values out as text", () => {
    const drawing = lineView.draw(
      { ...view, kind: "line", dims: ["step"] },
      readFigure({
        data: [{ y: [3, 1], name: "<a href='https://evil'>x</a>" }, { y: [1, 1] }],
        layout: { yaxis: { title: { text: "<b>loss" } } },
      }),
      theme,
      trans,
    );
    expect(drawing.data[0].name).toBe("&lt;a href='https://evil'&gt;x&lt;/a&gt;");
    expect(drawing.layout.yaxis).toMatchObject({ title: { text: "&lt;b&gt;loss" } });
    expect(drawing.readout({ trace: 1, row: 0, column: 1 })).toEqual(["step 1", "<b>loss 1"]);
    expect(drawing.layout.showlegend).toBe(true);
  });
});

describe("a view from a notebook", () => {
  it("is read whatever its kind, and refused when damaged", () => {
    expect(readView(view)).toBe(view);
    expect(readView({ ...view, kind: "hologram" })?.kind).toBe("hologram");
    expect(readView({ ...view, kind: 3 })).toBeNull();
    expect(readView({ ...view, tokens: [1] })).toBeNull();
    expect(readView(undefined)).toBeNull();
  });

  it("is drawn by the kind registered for it", () => {
    const registry = defaultRegistry();
    expect(registry.get("activation")).toBe(activationView);
    expect(registry.get("hologram")).toBeUndefined();
    expect(() => registry.register("line", lineView)).toThrow(/already/);
    const added = registry.register("hologram", lineView);
    expect(registry.get("hologram")).toBe(lineView);
    added.dispose();
    expect(registry.get("hologram")).toBeUndefined();
  });
});
