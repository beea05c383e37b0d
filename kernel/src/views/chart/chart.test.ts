import { createCanvas, loadImage } from "@napi-rs/canvas";
import { describe, expect, it } from "vitest";
import { plotBundle } from "../plot";
import { chartOf } from "./fromPlotly";
import { heatmapOf } from "./heatmapOf";

describe("figures of plotly as charts", () => {
  it("puts bars side by side, on one another and along", () => {
    const bars = [
      { type: "bar", x: ["a", "b"], y: [1, 2] },
      { type: "bar", x: ["b", "c"], y: [3, -4] },
    ];
    const grouped = chartOf(bars, {});
    expect(grouped?.x.categories).toEqual(["a", "b", "c"]);
    const edges = grouped?.layers.map((layer) =>
      layer.bars.map(({ x0, x1 }) => [x0, x1].map((v) => +v.toFixed(3))),
    );
    expect(edges).toEqual([
      [
        [-0.4, 0],
        [0.6, 1],
      ],
      [
        [1, 1.4],
        [2, 2.4],
      ],
    ]);
    const stacked = chartOf(bars, { barmode: "stack" });
    expect(stacked?.layers[1].bars.map(({ y0, y1 }) => [y0, y1])).toEqual([
      [2, 5],
      [0, -4],
    ]);
    const [along] = chartOf([{ type: "bar", orientation: "h", x: [5], y: ["a"] }], {})?.layers ?? [];
    expect(along.bars[0]).toMatchObject({ x0: 0, x1: 5, y0: -0.4 });
  });

  it("counts histograms as numpy does", () => {
    // numpy.histogram([0, 1, 1, 2, 3, 3, 3, 4], bins=4) → [1, 2, 1, 4], edges 0, 1, 2, 3, 4
    const [layer] =
      chartOf([{ type: "histogram", x: [0, 1, 1, 2, 3, 3, 3, 4], nbinsx: 4 }], {})?.layers ?? [];
    expect(layer.bars).toEqual([1, 2, 1, 4].map((count, i) => ({ x0: i, x1: i + 1, y0: 0, y1: count })));
    const named = chartOf([{ type: "histogram", x: ["u", "v", "u"], histnorm: "percent" }], {});
    expect(named?.layers[0].bars.map(({ y1 }) => Math.round(y1))).toEqual([67, 33]);
  });

  it("marks or joins points as plotly does", () => {
    const kinds = [
      { y: [1, 2] },
      { y: [1, 2], mode: "markers" },
      { y: Array(30).fill(1) },
      { x: [1], y: ["a"] },
    ];
    const drawn = kinds.map(
      (trace) => chartOf([trace], {})?.layers.map(({ line, markers }) => [line, markers])[0],
    );
    expect(drawn).toEqual([
      [true, true],
      [false, true],
      [true, false],
      [true, true],
    ]);
  });

  it("leaves alone what it cannot draw", () => {
    for (const trace of [
      { type: "pie", values: [1] },
      { type: "scatter3d", x: [1], y: [1] },
      { y: [1], yaxis: "y2" },
      { y: [{}] },
      { y: [] },
    ])
      expect(chartOf([trace], {})).toBeNull();
    for (const z of [undefined, [], [[]], [[1], [1, 2]], [["x"]], 5])
      expect(heatmapOf([{ type: "heatmap", z }], {})).toBeNull();
    const nothing = plotBundle({ data: [{ y: [Number.NaN] }] });
    expect(nothing.data["image/png"]).toBeUndefined();
  });
});

/** The picture of a figure, decoded. */
async function pictureOf(spec: Parameters<typeof plotBundle>[0]) {
  const image = await loadImage(Buffer.from(plotBundle(spec).data["image/png"] as string, "base64"));
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return {
    /** Rows and columns, in pixels, between which pixels of a colour lie, and how many. */
    extent(red: number, green: number, blue: number) {
      const found = {
        top: Number.POSITIVE_INFINITY,
        bottom: 0,
        left: Number.POSITIVE_INFINITY,
        right: 0,
        count: 0,
      };
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] !== red || data[at + 1] !== green || data[at + 2] !== blue) continue;
        const [x, y] = [(at / 4) % image.width, Math.floor(at / 4 / image.width)];
        found.top = Math.min(found.top, y);
        found.bottom = Math.max(found.bottom, y);
        found.left = Math.min(found.left, x);
        found.right = Math.max(found.right, x);
        found.count++;
      }
      return found;
    },
  };
}

describe("pictures of plotly's figures", () => {
  it("draw bars of the heights asked for", async () => {
    const picture = await pictureOf({
      data: [
        { type: "bar", x: ["a"], y: [1], marker: { color: "#ff0000" } },
        { type: "bar", x: ["a"], y: [2], marker: { color: "#0000ff" } },
      ],
    });
    // The legend has a stripe of each colour, at the top.
    const [red, blue] = [picture.extent(255, 0, 0), picture.extent(0, 0, 255)];
    expect(blue.count / red.count).toBeGreaterThan(1.9);
    expect(blue.count / red.count).toBeLessThan(2.1);
    expect(red.right).toBeLessThan(blue.right);
  });

  it("draw points where they are, also on logarithmic axes", async () => {
    const at = async (layout: Record<string, unknown>) =>
      (
        await pictureOf({
          data: [
            { x: [0, 1], y: [1, 100], mode: "markers", marker: { color: "#ffffff" } },
            { x: [0.5], y: [10], mode: "markers", marker: { color: "#ff0000" } },
          ],
          layout,
        })
      ).extent(255, 0, 0);
    const [linear, log] = [await at({}), await at({ yaxis: { type: "log" } })];
    // The point is the lowest red: the legend's stripe is above.
    expect(linear.bottom - log.bottom).toBeGreaterThan(150);
  });

  it("draw heat maps with the first row at the bottom, unless it is asked for on top", async () => {
    for (const [layout, above] of [
      [{}, true],
      [{ yaxis: { autorange: "reversed" } }, false],
    ] as const) {
      const picture = await pictureOf({ data: [{ type: "heatmap", z: [[0], [1]] }], layout });
      // Blues: least #f7fbff, most #08306b. The colour bar has both, too, its most at the top.
      const most = picture.extent(8, 48, 107);
      const least = picture.extent(247, 251, 255);
      expect(most.count).toBeGreaterThan(1000);
      expect((most.top + most.bottom) / 2 < (least.top + least.bottom) / 2).toBe(above);
    }
  });

  it("draw histograms", async () => {
    const picture = await pictureOf({
      data: [{ type: "histogram", x: [1, 1, 2], marker: { color: "#ff0000" } }],
    });
    expect(picture.extent(255, 0, 0).count).toBeGreaterThan(10_000);
  });
});
