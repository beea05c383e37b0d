import { describe, expect, it } from "vitest";
import { stringAt } from "../language/calls";
import {
  type CompletionNode,
  completeNodeName,
  expectsNodeName,
  graphVariable,
  nodeNamed,
} from "./nodeNames";

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
      ["add", "add_1", "add_2", "add_10"].map((name) => `layers_1.mlp.${name}`),
    );
    expect(texts("output|")).toEqual(["output|logits"]);
  });

  it("says what each is", () => {
    expect(completeNodeName([graph], "layers_2.")).toEqual([{ text: "layers_2.mlp", type: "MLP" }]);
    expect(completeNodeName([graph], "layers_2.mlp.")[0].type).toBe("add · float32[1, 2]");
  });

  it("completes aliases as well", () => {
    expect(texts("blocks.")).toEqual(["blocks.2", "blocks.10"]);
    expect(completeNodeName([graph], "blocks")).toEqual([{ text: "blocks", type: "aliases" }]);
    const [alias] = completeNodeName([graph], "blocks.2.");
    expect(alias).toEqual({ text: "blocks.2.hook_mlp_out", type: "add · float32[1, 2]" });
    expect(nodeNamed(graph, alias.text)).toBe(graph.nodes.get("layers_2.mlp.add"));
    expect(nodeNamed(graph, "blocks.3.hook_mlp_out")).toBeUndefined();
  });

  it("leaves out what is named already", () => {
    expect(completeNodeName([graph], "layers_2.mlp.", new Set(["layers_2.mlp.add"]))).toEqual([]);
  });
});

it.each([
  ['pg.patch({ "¦" })', true],
  ['pg.patch({ a: { "¦": 1 } })', false],
  ['pg.run(x, { outputs: ["¦"] })', true],
  ['pg.run("¦")', false],
  ['pg.nodes.get("¦")', true],
  ['map.get("¦")', false],
  ['console.log("¦")', false],
])("%s expects a node name: %s", (marked, expected) => {
  const place = stringAt(marked.replace("¦", ""), marked.indexOf("¦"));
  expect(place && expectsNodeName(place)).toBe(expected);
});

it("finds the variable a call is made on", () => {
  const variable = (code: string) => {
    const place = stringAt(code, code.indexOf('"') + 1);
    return place && graphVariable(place);
  };
  expect(variable('pg.nodes.get("x")')).toBe("pg");
  expect(variable('graphs[0].patch({ "x": 1 })')).toBeNull();
});
