import { expect, it } from "vitest";
import { plotBundle } from "./plot";

const PLOTLY = "application/vnd.plotly.v1+json";

it("writes tensors and typed arrays of a figure as lists", () => {
  const tensor = { dtype: "float32", tolist: () => [1, 2n] };
  const { data } = plotBundle({
    data: [{ type: "bar", name: "b", x: ["<a>", "c"], y: tensor, marker: { size: Uint8Array.of(1, 2) } }],
    layout: { title: { text: "T" } },
  });
  expect(data[PLOTLY]).toMatchObject({
    data: [{ type: "bar", x: ["<a>", "c"], y: [1, 2], marker: { size: [1, 2] } }],
    config: { showSendToCloud: false },
  });
  expect(data["text/plain"]).toBe('T\n  bar "b": x <a>, c; y 1, 2');
  expect(JSON.parse(JSON.stringify(data[PLOTLY]))).toEqual(data[PLOTLY]);
});

it("draws lines given as a typed array", () => {
  const { data } = plotBundle({ data: [{ y: Float64Array.of(1, 4, 9) }] });
  expect(Object.keys(data).sort()).toEqual([PLOTLY, "image/png", "text/plain"]);
});

it("says of other figures what they hold", () => {
  const z = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const { data } = plotBundle({
    data: [
      { type: "heatmap", z },
      { type: "histogram", x: Array.from({ length: 20 }, (_, i) => i) },
    ],
  });
  expect(data["text/plain"]).toBe("plot\n  heatmap: z [2, 3]\n  histogram: x 0, 1, 2, 3, 4, 5, 6, 7, … (20)");
});
