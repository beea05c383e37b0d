import { describe, expect, it } from "vitest";
import { node, smallGraph } from "../testing/graphs";
import { buildTree, parentPath } from "./tree";

describe("the tree", () => {
  it.each([
    ["transformer.h_17.mlp", "transformer.h_17"],
    ["transformer", ""],
    ["output|logits", "output"],
    ["model.output|sub_0", "model.output"],
    ["", ""],
  ])("%s stands in %s", (path, parent) => {
    expect(parentPath(path)).toBe(parent);
  });

  it("keeps execution order and counts what is beneath", () => {
    const { root, items } = buildTree(smallGraph(2));
    expect(root.children.map((child) => child.label)).toEqual(["input_ids", "transformer", "output"]);
    expect(items.get("transformer.h_1.mlp.act")?.children.map((child) => child.label)).toEqual([
      "mul",
      "pow",
      "mul_1",
      "add",
      "mul_2",
      "tanh",
      "add_1",
      "mul_3",
    ]);
    expect(items.get("transformer")?.count).toBe(20);
    expect(items.get("transformer.h_1.mlp.act")?.moduleType).toBe("NewGELUActivation");
  });

  it("lets a value be a node and hold others", () => {
    const { items } = buildTree(smallGraph(1));
    const output = items.get("output");
    expect(output?.node?.name).toBe("output");
    expect(output?.children.map((child) => child.label)).toEqual(["|logits"]);
  });

  it("is not brought down by names no model has", () => {
    const names = [
      "",
      ".",
      "a..b",
      "|",
      ".|.",
      "x".repeat(5000),
      "a.".repeat(50_000),
      "__proto__.constructor",
    ];
    const { leaves, root } = buildTree({ nodes: names.map((name) => node(name)) });
    expect(leaves).toHaveLength(names.length);
    expect(root.count).toBeGreaterThanOrEqual(names.length);
  });
});
