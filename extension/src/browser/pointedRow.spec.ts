import { decodeGraph } from "@graphpatch/kernel/protocol";
import { describe, expect, it } from "vitest";
import { layerOf } from "../layers";
import { graphOf, node } from "../testing/graphs";
import { blockPrefix, isPointedRow } from "./pointedRow";
import { RowBuilder } from "./rows";
import { buildTree } from "./tree";

const names = [0, 1, 2, 3, 4].flatMap((layer) => [
  `model.layers_${layer}.mlp.mul`,
  `model.layers_${layer}.output`,
]);

const treeOf = (paths: string[]) => buildTree(decodeGraph(graphOf(paths.map((path) => node(path)))));

describe("the row of what is pointed at", () => {
  const muls = treeOf(["a.mul", "a.mul_1", "a.mul_2", "a.mul_2x"]);
  const tree = treeOf(["embed.out_0", ...names, "output|logits"]);
  const rows = (open: string[]) =>
    new RowBuilder(tree, { order: "execution", foldThreshold: 3 }).rows((id) => open.includes(id));
  const pointed = (open: string[], node: string) =>
    rows(open)
      .filter((row) => isPointedRow(row, node))
      .map(({ label }) => label);
  const series = "model.layers_0\nmodel.layers_4";

  it("is the node's own, or what it is folded in", () => {
    const node = "model.layers_3.mlp.mul";
    expect(pointed([], node)).toEqual(["model"]);
    expect(pointed(["model"], node)).toEqual(["layers_0 … layers_4"]);
    expect(pointed(["model", series], node)).toEqual(["layers_3"]);
    expect(pointed(["model", series, "model.layers_3"], node)).toEqual(["mlp"]);
    expect(pointed(["model", series, "model.layers_3", "model.layers_3.mlp"], node)).toEqual(["mul"]);
    expect(pointed(["model"], "model.layers_30.mlp")).toEqual([]);
  });

  it("is a series' also for its member without a number", () => {
    const [, series] = new RowBuilder(muls, { order: "execution", foldThreshold: 3 }).rows(
      (id) => id === "a",
    );
    expect(["a.mul", "a.mul_2", "a.mul_3", "a.mul_2x"].map((path) => isPointedRow(series, path))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("of a module's output is the module's, too", () => {
    expect(pointed(["model", series, "model.layers_3"], "model.layers_3.output")).toEqual([
      "layers_3",
      "output",
    ]);
  });

  it("blocks are the numbered modules that hold the most", () => {
    expect(blockPrefix(tree)).toBe("model.layers_");
    expect(blockPrefix(treeOf(["a.mul_1", "b"]))).toBeNull();
  });
});

describe("the layer of a node", () => {
  it("is the first number in its path", () => {
    expect(layerOf("model.layers_3.mlp.mul_2")).toBe(3);
    expect(layerOf("transformer.h_11.output|sub_0")).toBe(11);
    expect(layerOf("model.embed_tokens.embedding")).toBeNull();
    expect(layerOf("mul_2")).toBeNull();
  });
});
