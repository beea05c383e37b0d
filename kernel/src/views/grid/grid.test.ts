import { describe, expect, it } from "vitest";
import { isView, type View } from "../../protocol";
import { drawingBundle } from "../drawing";
import type { TensorLike } from "../tensorValues";
import { drawGrid } from "./drawGrid";
import { gridOfSweep, gridOfTrace } from "./fromResults";
import { drawGridChart } from "./gridChart";
import type { SweepLike, TraceLike } from "./source";

const tokens = ["The", " E", "iff", "el", " <b>Tower</b>", " is"];

/** Cell (layer, token): samples 10 * layer + token and 2 more. */
function sweep(layers = 3): SweepLike {
  const labels = Array.from({ length: layers }, (_, l) => String(l));
  return {
    label: "probability",
    axes: [
      { name: "layer", labels },
      { name: "token", labels: tokens },
    ],
    samples: labels.flatMap((_, l) => tokens.map((_, t) => [10 * l + t, 10 * l + t + 2])),
    base: [1, 3],
  };
}

const trace: TraceLike = {
  clean: 30,
  corrupted: { mean: 5, stderr: 0.5, n: 2 },
  grids: { states: sweep(), mlp: sweep(), attention: sweep() },
  subject: [1, 4],
  window: 10,
};

const values = (bdata: unknown) => {
  const bytes = Buffer.from((bdata as { bdata: string }).bdata, "base64");
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)];
};

describe("a causal trace", () => {
  const { view, figure, text } = drawGrid(gridOfTrace(trace));

  it("has tokens down and layers across, its values at their cells", () => {
    expect(isView(view)).toBe(true);
    expect(view.grid).toMatchObject({
      rows: { name: "token", labels: tokens },
      columns: { name: "layer" },
      n: 2,
    });
    const [z] = figure.data.map(({ z }) => z);
    expect(z).toMatchObject({ shape: "6, 3" });
    // Row: token, column: layer; the mean of (v, v + 2).
    expect(values(z).slice(0, 6)).toEqual([1, 11, 21, 2, 12, 22]);
    // Standard error of (v, v + 2): √2 / √2 = 1.
    expect(values(figure.data[0].customdata)).toEqual(Array(18).fill(1));
  });

  it("keeps ROME's conventions", () => {
    expect(view.grid?.panels).toEqual([
      { title: "state", palette: "purples" },
      { title: "MLP", palette: "greens" },
      { title: "attention", palette: "reds" },
    ]);
    expect(view.grid?.starred).toEqual([1, 2, 3]);
    expect((figure.layout.yaxis as { ticktext: string[] }).ticktext).toEqual([
      "The",
      " E*",
      "iff*",
      "el*",
      " &lt;b&gt;Tower&lt;/b&gt;",
      " is",
    ]);
    // The scale begins at the corrupted run's score.
    expect(figure.layout.coloraxis).toMatchObject({
      cmin: 5,
      cmax: 26,
      colorbar: { title: { text: "p(answer)" } },
    });
    expect((figure.layout.coloraxis2 as { colorscale: [number, string][] }).colorscale[8]).toEqual([
      1,
      "#00441b",
    ]);
    expect((figure.layout.coloraxis3 as { colorscale: [number, string][] }).colorscale[8]).toEqual([
      1,
      "#67000d",
    ]);
  });

  it("tells n, errors and the best cell in words", () => {
    expect(text).toContain("clean 30 · corrupted 5 ± 0.5 · n = 2 per cell · * subject");
    expect(text).toContain("MLP: highest p(answer) 26 ± 1 at token 5 ( is), layer 2");
    expect(figure.data[0].hovertemplate).toContain("standard error, n = 2");
  });

  it("tells how many texts there are where cells have different numbers, and no error of a single one", () => {
    const kinds = Object.entries(trace.grids).map(([kind, grid]) => {
      const [first, ...rest] = grid.samples;
      return [kind, { ...grid, samples: [first.slice(0, 1), ...rest] }] as const;
    });
    const corrupted = { mean: 5, stderr: Number.NaN, n: 12 };
    const drawn = drawGrid(gridOfTrace({ ...trace, corrupted, grids: Object.fromEntries(kinds) }));
    expect(drawn.text).toContain("clean 30 · corrupted 5 · n = 12, fewer in some cells · * subject");
  });

  it("takes the answer for the colour bars' title, and another title", () => {
    const named = drawGridChart(trace, () => ({}), { answer: " Paris", title: "Eiffel" });
    expect(named.view).toMatchObject({ node: "Eiffel", grid: { measured: "p(Paris)" } });
    const measured = (parts: object) => drawGrid(gridOfTrace({ ...trace, ...parts })).view.grid?.measured;
    expect(measured({ target: 6342, answer: " Paris" })).toBe("p(Paris)");
    expect(measured({ target: 6342, answer: null })).toBe("p(token 6342)");
    expect(measured({ target: 198, answer: "\n" })).toBe("p(token 198)");
  });
});

describe("a sweep's result", () => {
  it("is coloured by its difference from the base run", () => {
    const { figure, view } = drawGrid(gridOfSweep(sweep()));
    expect(figure.layout.coloraxis).toMatchObject({ cmin: 2 - 24, cmax: 2 + 24 });
    expect(view.grid?.reference).toBe(2);
  });

  it("says which cells were not run", () => {
    const whole = sweep();
    const { view, text, figure } = drawGrid(
      gridOfSweep({ ...whole, samples: whole.samples.map((own, i) => (i < 4 ? [] : own)) }),
    );
    expect(text).toContain("4 of 18 cells not run");
    expect(view.statistics?.nan).toBe(4);
    expect(figure.data[1]).toMatchObject({ name: "NaN", y: [0, 1, 2, 3], x: [0, 0, 0, 0] });
  });

  it("of heads has layers down, and of three axes a panel for each place of the first", () => {
    const heads: SweepLike = {
      label: "KL",
      axes: [
        { name: "layer", labels: ["0", "1"] },
        { name: "head", labels: ["0", "1", "2"] },
      ],
      samples: [[0], [1], [2], [3], [4], [5]],
      base: [0],
    };
    const flat = drawGrid(gridOfSweep(heads));
    expect(flat.view.dims).toEqual(["layer", "head"]);
    expect(values(flat.figure.data[0].z)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(flat.figure.data[0].customdata).toBeUndefined();
    const deep = drawGrid(
      gridOfSweep({
        ...heads,
        axes: [{ name: "kind", labels: ["a", "b"] }, ...heads.axes],
        samples: [...heads.samples, ...heads.samples.map(([value]) => [value + 10])],
      }),
    );
    expect(deep.view.grid?.panels.map(({ title }) => title)).toEqual(["kind a", "kind b"]);
    expect(values(deep.figure.data[1].z)).toEqual([10, 11, 12, 13, 14, 15]);
  });
});

describe("gridChart", () => {
  const tensor = (shape: number[]): TensorLike => ({
    shape,
    dtype: "float32",
    data: () => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    toString: () => "tensor",
  });

  it("draws tensors, their tokens down", () => {
    const { view, figure } = drawGridChart(tensor([2, 6]), () => ({}), {
      tokens,
      subject: [0, 2],
      palette: "blues",
    });
    expect(view.grid?.rows).toMatchObject({ name: "token", labels: tokens });
    expect(view.grid?.starred).toEqual([0, 1]);
    expect(values(figure.data[0].z)).toEqual([0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
    expect(drawGridChart({ a: tensor([2, 2]), b: tensor([2, 2]) }, () => ({})).figure.data).toHaveLength(2);
  });

  it("says what it cannot draw", () => {
    expect(() => drawGridChart(3 as never, () => ({}))).toThrow("expected a causal trace");
    expect(() => drawGridChart(tensor([2]), () => ({}))).toThrow("found [2]");
    expect(() => drawGridChart({ ...sweep(), axes: [] }, () => ({}))).toThrow("two or three axes");
  });

  it.each([
    ["constant", 1],
    ["nothing finite", Number.NaN],
  ])("draws %s values", (_, value) => {
    const flat = { ...tensor([2, 3]), data: () => new Float32Array(6).fill(value) };
    for (const palette of ["blues", "diverging"] as const) {
      const drawing = drawGridChart(flat, () => ({}), { palette });
      expect(isView(JSON.parse(JSON.stringify(drawing.view)) as View)).toBe(true);
      const { cmin, cmax } = drawing.figure.layout.coloraxis as { cmin: number; cmax: number };
      expect(cmax).toBeGreaterThan(cmin);
      expect(drawingBundle(drawing).data["image/png"]).toBeTypeOf("string");
    }
  });
});

it("offers the value of a cell of a table, whichever way it is turned", () => {
  const table: TensorLike = {
    shape: [2, 3],
    dtype: "float32",
    data: () => Float32Array.of(1, 2, 3, 4, 5, 6),
    toString: () => "",
  };
  const code = (options: object) => {
    const { live } = drawGridChart(table, () => ({}), options);
    return live?.kind === "result" && live.result.code("scores", { panel: 0, row: 1, column: 0 });
  };
  expect(code({ dims: ["layer", "head"] })).toBe("scores.at([1, 0]).item()");
  // Tokens go down: the row is the second dimension.
  expect(code({ dims: ["layer", "token"] })).toBe("scores.at([0, 1]).item()");
});
