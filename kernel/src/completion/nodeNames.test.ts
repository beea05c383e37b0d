import { describe, expect, it } from "vitest";
import { type CompletionNode, completeNodeName, nodeNamed } from "./nodeNames";

function node(name: string, module: string): [string, CompletionNode] {
  return [
    name,
    {
      name,
      module,
      moduleType: "MLP",
      operator: "aten::add.Tensor",
      shape: [1, 2],
      dtype: "float32",
      kind: "operator",
      code: null,
    },
  ];
}

const graph = {
  nodes: new Map([
    ...[2, 10, 1].map((i) => node(`layers_${i}.mlp.add`, `layers_${i}.mlp`)),
    ...[10, 2, 1].map((i) => node(`layers_1.mlp.add_${i}`, "layers_1.mlp")),
    node("output|logits", ""),
    node("layers_1.mlp.output", "layers_1.mlp"),
  ]),
  aliases: new Map([
    ["hook_embed", "output|logits"],
    ["blocks.2.hook_mlp_out", "layers_2.mlp.add"],
    ["blocks.10.hook_mlp_out", "layers_10.mlp.add"],
  ]),
};

function texts(prefix: string): string[] {
  return completeNodeName([graph], prefix).map(({ text }) => text);
}

describe("completeNodeName", () => {
  it("goes one segment at a time, in natural order", () => {
    expect(texts("")).toEqual(["blocks", "hook_embed", "layers_1", "layers_2", "layers_10", "output"]);
    expect(texts("layers_1")).toEqual(["layers_1", "layers_10"]);
    expect(texts("layers_1.mlp.")).toEqual(
      ["add", "add_1", "add_2", "add_10", "output"].map((name) => `layers_1.mlp.${name}`),
    );
    expect(texts("output|")).toEqual(["output|logits"]);
  });

  it("says what each is", () => {
    expect(completeNodeName([graph], "layers_2.")).toEqual([
      { text: "layers_2.mlp", type: "MLP", signature: "" },
    ]);
    expect(completeNodeName([graph], "layers_1.")[0].type).toBe("MLP · float32[1, 2]");
    expect(completeNodeName([graph], "layers_2.mlp.")[0].type).toBe("add · float32[1, 2]");
  });

  it("completes aliases as well", () => {
    expect(texts("blocks.")).toEqual(["blocks.2", "blocks.10"]);
    expect(completeNodeName([graph], "blocks")).toMatchObject([{ text: "blocks", type: "aliases" }]);
    const [alias] = completeNodeName([graph], "blocks.2.");
    expect(alias).toMatchObject({ text: "blocks.2.hook_mlp_out", type: "add · float32[1, 2]" });
    expect(nodeNamed(graph, alias.text)).toBe(graph.nodes.get("layers_2.mlp.add"));
    expect(nodeNamed(graph, "blocks.3.hook_mlp_out")).toBeUndefined();
  });

  it("leaves out what is named already", () => {
    expect(completeNodeName([graph], "layers_2.mlp.", new Set(["layers_2.mlp.add"]))).toEqual([]);
  });

  it("takes PyTorch's spelling of list indices, and keeps it", () => {
    expect(texts("layers.1")).toEqual(["layers.1", "layers.10"]);
    expect(texts("layers.1.mlp.add_1")).toEqual(["layers.1.mlp.add_1", "layers.1.mlp.add_10"]);
    expect(nodeNamed(graph, "layers.1.mlp")).toBe(graph.nodes.get("layers_1.mlp.output"));
  });

  it("finds names by the beginnings of their words where nothing begins as typed", () => {
    expect(texts("l1mlpadd1")).toEqual(["layers_1.mlp.add_1", "layers_1.mlp.add_10"]);
    expect(texts("zzz")).toEqual([]);
  });

  it("offers only nodes, or only aliases, where only those are meant", () => {
    expect(completeNodeName([graph], "hook", new Set(), "own")).toEqual([]);
    expect(completeNodeName([graph], "", new Set(), "alias").map(({ text }) => text)).toEqual([
      "blocks",
      "hook_embed",
    ]);
  });
});
