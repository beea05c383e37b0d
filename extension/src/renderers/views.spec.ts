import type { View } from "@graphpatch/kernel/protocol";
import { describe, expect, it } from "vitest";
import { activationView } from "./activation";
import { attentionView } from "./attention";
import type { Figure, Theme } from "./drawing";
import { FigureError, readFigure } from "./figure";
import { lineView } from "./line";
import { readView } from "./readView";
import { defaultRegistry } from "./registry";

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
const place = (row: number, column: number) => ({ trace: 0, row, column });

describe("an activation", () => {
  const drawing = activationView.draw(
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
    expect(activationView.draw(view, merged, theme).readout(place(0, 1))[1]).toBe("hidden 3–5");
  });

  it("escapes tokens for plotly", () => {
    expect(drawing.layout.yaxis).toMatchObject({ ticktext: ["␣a", "&lt;b&gt;"] });
  });

  it("says what is clipped", () => {
    const clipped = activationView.draw(
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
    const { data, notes } = activationView.draw(view, figure(odd), theme);
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
    const { data, notes } = activationView.draw(view, figure(all), theme);
    expect(data[1].x).toHaveLength(2000);
    expect(notes.at(-1)).toMatch(/2,000 of 3,000/);
  });

  it("has a scale for nothing but zeros", () => {
    expect(activationView.draw(view, figure([[0, 0]]), theme).data[0]).toMatchObject({ zmin: -1, zmax: 1 });
  });

  it("refuses a figure without a heat map", () => {
    expect(() => activationView.draw(view, readFigure({ data: [] }), theme)).toThrow(FigureError);
    expect(() => activationView.draw(view, readFigure({ data: [{ y: [1] }] }), theme)).toThrow(/no heat map/);
  });
});

describe("an attention pattern", () => {
  const attention = { ...view, kind: "attention" as const, shape: [1, 2, 2], dims: ["head", "query", "key"] };
  const drawing = attentionView.draw(
    attention,
    figure([
      [1, 0],
      [0.25, 0.75],
    ]),
    theme,
  );

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
    const { data, layout, readout } = attentionView.draw(attention, many, theme);
    expect(data).toMatchObject([{ xaxis: "x" }, { xaxis: "x2" }]);
    expect(layout.annotations).toMatchObject([{ text: "head 0" }, { text: "head &lt;1&gt;" }]);
    expect(readout({ trace: 1, row: 0, column: 0 })[0]).toBe("head <1>");
  });

  it("says from where to where", () => {
    expect(drawing.readout(place(1, 0))).toEqual(["from query 1: <b>", "to key 0: ␣a", "0.25"]);
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
