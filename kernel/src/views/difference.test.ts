import { describe, expect, it } from "vitest";
import { isView, PLOTLY_MIME, VIEW_MIME, type View } from "../protocol";
import { type DifferenceLike, differenceBundle } from "./difference";

const node = (name: string, relative: number) => ({
  node: name,
  operator: "aten::mul.Tensor",
  relative,
  norm: 2 * relative,
  maxChange: relative / 2,
});

function difference(changes: Partial<DifferenceLike> = {}): DifferenceLike {
  const nodes = [
    node("a", 0),
    node("b.<i>", 0.5),
    node("c", Number.NaN),
    node("d", Number.POSITIVE_INFINITY),
  ];
  return {
    nodes,
    changed: nodes.slice(1),
    first: nodes[1],
    grids: {
      states: {
        nodes: ["h_0", "h_1"],
        values: [
          [0, 0.25, 0.5],
          [0, 0.75, 1],
        ],
      },
    },
    incomparable: [],
    tokens: ["The", " cat", " sat"],
    toString: () => "difference of two runs",
    ...changes,
  };
}

describe("a difference", () => {
  const { data } = differenceBundle(difference());
  const view = data[VIEW_MIME] as unknown as View;

  it("is drawn with tokens down and layers across, from no change up", () => {
    expect(isView(view)).toBe(true);
    expect(view.grid).toMatchObject({
      rows: { name: "token", labels: ["The", " cat", " sat"] },
      columns: { name: "layer", labels: ["0", "1"] },
      panels: [{ title: "block", palette: "purples" }],
      reference: 0,
      origin: "same",
    });
    const { data: traces } = data[PLOTLY_MIME] as { data: { z: { bdata: string } }[] };
    const bytes = Buffer.from(traces[0].z.bdata, "base64");
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    expect([...values]).toEqual([0, 0, 0.25, 0.75, 0.5, 1]);
    expect(data["image/png"]).toBeDefined();
    // The picture, not a table, is what a reader without the extension sees.
    expect(data["text/html"]).toBeUndefined();
  });

  it("names its nodes, with numbers that JSON can hold", () => {
    expect(view.difference).toMatchObject({ compared: 4, changed: 3, first: "b.<i>" });
    expect(view.difference?.rows.map(({ node, relative }) => [node, relative])).toEqual([
      ["b.<i>", 0.5],
      ["c", "NaN"],
      ["d", "Infinity"],
    ]);
    expect(isView(JSON.parse(JSON.stringify(view)))).toBe(true);
    expect(view.truncated).toBe("the 3 of 4 nodes that changed");
  });

  it("without known blocks is a table that reads without scripts and styles", () => {
    const bundle = differenceBundle(difference({ grids: {} }));
    expect(bundle.data["image/png"]).toBeUndefined();
    expect(bundle.data["text/html"]).toContain("b.&lt;i&gt; (first)");
    expect(isView(bundle.data[VIEW_MIME])).toBe(true);
  });

  it("of many nodes keeps the first and those that changed most, and says so", () => {
    const many = Array.from({ length: 2000 }, (_, i) => node(`n_${i}`, (i + 1) / 2000));
    const bundle = differenceBundle(difference({ nodes: many, changed: many, first: many[0] }));
    const own = bundle.data[VIEW_MIME] as unknown as View;
    const names = own.difference?.rows.map((row) => row.node) ?? [];
    expect(names).toEqual(["n_0", ...Array.from({ length: 299 }, (_, i) => `n_${1701 + i}`)]);
    expect(own.truncated).toContain("the 300 of 2000 changed nodes of largest relative change");
    expect(JSON.stringify(bundle).length).toBeLessThan(150_000);
  });
});
