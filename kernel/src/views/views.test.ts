import { describe, expect, it } from "vitest";
import { isView } from "../protocol";
import { drawAttention } from "./attention";
import { drawingBundle } from "./drawing";
import { drawHeatmap } from "./heatmap";
import { plotlyText, tokenLabel } from "./labels";
import { drawLines } from "./line";
import { reduceGrid, selectPlane } from "./plane";
import { plotBundle } from "./plot";
import { summarize, symmetricLimit } from "./statistics";
import type { TensorLike } from "./tensorValues";

function tensor(shape: number[], value: (i: number) => number): TensorLike {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i));
  return { shape, dtype: "float32", data: () => data, toString: () => "tensor(…)" };
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
const dims = ["batch", "token", "hidden"];

describe("statistics", () => {
  it("are those of torch, with what is not finite counted apart", () => {
    // torch.tensor([1., 2., 4.]): mean 2.3333, std 1.5275
    const { nan, inf, min, max, mean, std } = summarize([1, Number.NaN, 2, Number.POSITIVE_INFINITY, 4]);
    expect({ nan, inf, min, max }).toEqual({ nan: 1, inf: 1, min: 1, max: 4 });
    expect(mean).toBeCloseTo(2.3333, 4);
    expect(std).toBeCloseTo(1.5275, 4);
    expect(summarize([]).min).toBeNull();
  });

  it("clip only for outliers", () => {
    expect(symmetricLimit(summarize([-1, 0.5]))).toEqual({ limit: 1, clips: false });
    const outlier = summarize([...Array(1000).fill(1), 1000]);
    expect(symmetricLimit(outlier).clips).toBe(true);
    expect(symmetricLimit(summarize([0, 0]))).toEqual({ limit: 1, clips: false });
  });
});

describe("planes", () => {
  it("have tokens as rows, and index 0 of other dimensions", () => {
    const values = Float32Array.from({ length: 24 }, (_, i) => i);
    const plane = selectPlane(values, [2, 3, 2, 2], ["batch", "token", "head", "hidden"]);
    expect([...plane.grid.values]).toEqual([0, 1, 4, 5, 8, 9]);
    const other = selectPlane(values, [2, 3, 2, 2], ["batch", "token", "head", "hidden"], {
      head: 1,
      batch: -1,
    });
    expect([...other.grid.values]).toEqual([14, 15, 18, 19, 22, 23]);
    expect(() => selectPlane(values, [2, 3, 4], dims, { batch: 2 })).toThrow('dimension "batch" of size 2');
  });

  it("are reduced to the largest magnitudes, NaN before all", () => {
    const grid = { rows: 1, columns: 6, values: Float32Array.of(1, -3, 2, Number.NaN, 9, 0) };
    const { grid: small, columnsPerCell } = reduceGrid(grid, 4, 3);
    expect([...small.values]).toEqual([-3, Number.NaN, 9]);
    expect(columnsPerCell).toBe(2);
  });
});

describe("heat maps", () => {
  const tokens = ["a", "a", "<b>x</b>"];
  const drawing = drawHeatmap(
    tensor([2, 3, 1536], (i) => (i === 5 ? Number.NaN : i === 2000 ? Number.POSITIVE_INFINITY : Math.sin(i))),
    { node: "m.<i>act</i>", dims, tokens },
  );
  const { data, layout, config } = drawing.figure;

  it("describe themselves", () => {
    expect(isView(drawing.view)).toBe(true);
    expect(drawing.view).toMatchObject({
      kind: "activation",
      node: "m.<i>act</i>",
      shape: [2, 3, 1536],
      tokens,
      truncated: "batch 0 of 2; each cell shows the value of largest magnitude among 3 hidden",
      statistics: { nan: 1, inf: 1 },
    });
    expect(drawing.text).toContain("1 NaN; 1 infinite");
  });

  it("are centred at zero, with explicit colours", () => {
    const axis = layout.coloraxis as { cmin: number; cmax: number; colorscale: [number, string][] };
    expect(axis.cmin).toBe(-axis.cmax);
    expect(axis.colorscale[5]).toEqual([0.5, "#f7f7f7"]);
  });

  it("carry their values as float32, and mark what has no colour", () => {
    const z = data[0].z as { dtype: string; bdata: string; shape: string };
    expect([z.dtype, z.shape]).toEqual(["f4", "3, 512"]);
    expect(Buffer.from(z.bdata, "base64")).toHaveLength(3 * 512 * 4);
    expect(data.slice(1).map(({ name }) => name)).toEqual(["NaN", "infinite"]);
  });

  it("show tokens as text beside numbered cells", () => {
    const axis = layout.yaxis as { tickvals: number[]; ticktext: string[] };
    expect(axis.tickvals).toEqual([0, 1, 2]);
    expect(axis.ticktext).toEqual(["a", "a", "&lt;b&gt;x&lt;/b&gt;"]);
    expect(JSON.stringify(layout)).not.toContain("<i>");
  });

  it("send nothing anywhere", () => {
    expect(config).toMatchObject({ showSendToCloud: false, plotlyServerURL: "", displaylogo: false });
  });

  it("come with a picture at twice the resolution", () => {
    const { data: bundle, metadata } = drawingBundle(drawing);
    const png = Buffer.from(String(bundle["image/png"]), "base64");
    expect(png.subarray(0, 4)).toEqual(PNG);
    const { width } = metadata["image/png"] as { width: number };
    expect(png.readUInt32BE(16)).toBe(2 * width);
  });

  it("refuse complex numbers", () => {
    expect(() => drawHeatmap({ ...tensor([2], () => 1), dtype: "complex64" }, {})).toThrow("abs()");
  });

  it.each([[[]], [[0]], [[1]], [[3, 0]], [[300, 600]]])("are drawn for shape %j", (shape) => {
    const made = drawHeatmap(
      tensor(shape, () => 1),
      {},
    );
    expect(isView(made.view)).toBe(true);
  });
});

describe("attention patterns", () => {
  const pattern = tensor([1, 3, 4, 4], (i) => (i % 4) / 4);

  it("show all heads, or one", () => {
    expect(drawAttention(pattern, {}).figure.data).toHaveLength(3);
    const one = drawAttention(pattern, { tokens: ["a", "b", "c", "d"] }, { head: 2 });
    expect(one.figure.data).toHaveLength(1);
    expect(one.view).toMatchObject({
      kind: "attention",
      truncated: "head 2 of 3",
      tokens: ["a", "b", "c", "d"],
    });
    expect(one.figure.layout.coloraxis).toMatchObject({ cmin: 0, cmax: 1 });
  });

  it("are told in words by the key that each head reads most", () => {
    // Two heads of three queries: the first reads key 0, the second each token itself and the last key twice.
    const values = [1, 0, 0, 1, 0, 0, 0.5, 0.5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1];
    const { text } = drawAttention(
      tensor([1, 2, 3, 3], (i) => values[i]),
      { tokens: ["<s>", " a", " b"] },
    );
    expect(text.split("\n").slice(1)).toEqual([
      'head 0: most on key 0 "<s>", 0.8333 of each query on average',
      'head 1: most on key 2 " b", 0.6667 of each query on average',
    ]);
    const many = drawAttention(
      tensor([40, 30, 30], () => 1 / 30),
      {},
    );
    expect(many.text.split("\n")).toHaveLength(18);
    expect(many.text).toContain("… 24 more heads");
  });

  it("say what is wrong", () => {
    expect(() => drawAttention(pattern, {}, { head: 3 })).toThrow("head 3 is out of range: there are 3");
    expect(() =>
      drawAttention(
        tensor([2], () => 1),
        {},
      ),
    ).toThrow("[batch, head, query, key]");
  });
});

describe("charts", () => {
  it("take one list, several, or several by name", () => {
    expect(drawLines([1, 2]).figure.data).toHaveLength(1);
    expect(
      drawLines([
        [1, 2],
        [3, 4],
      ]).figure.data,
    ).toHaveLength(2);
    expect(drawLines({ loss: [1, Number.NaN] }).figure.data[0]).toMatchObject({ name: "loss", y: [1, null] });
    expect(() => drawLines(["a"] as never)).toThrow("a list of numbers");
    expect(drawLines([Number.NaN]).png()).toBeNull();
  });

  it("keep any plotly figure as it is, with a picture where we can draw one", () => {
    const lines = plotBundle({ data: [{ y: [1, 2, 3] }], layout: { title: "t" } });
    expect(Object.keys(lines.data).sort()).toEqual([
      "application/vnd.plotly.v1+json",
      "image/png",
      "text/plain",
    ]);
    const sector = plotBundle({ data: [{ type: "pie", values: [1] }] });
    expect(sector.data["text/plain"]).toBe("plot\n  pie: values 1");
    expect(sector.data["image/png"]).toBeUndefined();
  });
});

describe("labels", () => {
  it("show white space and hide what could rearrange them", () => {
    expect(tokenLabel("\n")).toBe("⏎");
    expect(tokenLabel("  ")).toBe('"  "');
    expect(tokenLabel("a\u202eb\u0000")).toBe("a\ufffdb\ufffd");
    expect(tokenLabel("x".repeat(50))).toHaveLength(24);
  });

  it("are text to plotly", () => {
    expect(plotlyText('<a href="x">$y$ &amp;')).toBe('&lt;a href="x"&gt;&#36;y&#36; &amp;amp;');
  });
});
