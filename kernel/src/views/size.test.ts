import { torch } from "@graphpatch/native";
import { describe, expect, it } from "vitest";
import { drawAttention } from "./attention";
import { drawingBundle } from "./drawing";
import { drawHeatmap } from "./heatmap";

const MEGABYTE = 1_000_000;

/** What a notebook stores of a picture. */
const stored = (bundle: object): number => JSON.stringify(bundle).length;

describe("a picture takes less than a megabyte of the notebook", () => {
  // Random values are the worst: nothing compresses.
  it.each([
    [[4096, 4096]],
    [[256, 512]],
    [[1, 12, 100_000]],
    [[2, 3, 300, 700]],
    [[50, 3000]],
    [[3000, 50]],
    [[100_000]],
  ])("heat map of %j", (shape) => {
    torch.manual_seed(0);
    const bundle = drawingBundle(drawHeatmap(torch.randn(shape), { node: "a.b" }));
    expect(stored(bundle)).toBeLessThan(MEGABYTE);
    expect(bundle.data["image/png"]).toBeTypeOf("string");
  });

  it.each([[[1, 48, 200, 200]], [[1, 12, 1024, 1024]], [[64, 64, 64]], [[400, 400]]])(
    "attention of %j",
    (shape) => {
      torch.manual_seed(0);
      expect(stored(drawingBundle(drawAttention(torch.rand(shape), {})))).toBeLessThan(MEGABYTE);
    },
  );
});

it("values are stored once", () => {
  const value = 0.123456789;
  const { data } = drawingBundle(drawHeatmap(torch.full([3, 5], value), { node: "a.b" }));
  const encoded = Buffer.from(Float32Array.of(value).buffer).toString("base64").slice(0, 5);
  const holders = Object.entries(data).filter(([, part]) => JSON.stringify(part).includes(encoded));
  expect(holders.map(([type]) => type)).toEqual(["application/vnd.plotly.v1+json"]);
});
