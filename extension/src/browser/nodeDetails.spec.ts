import { describe, expect, it } from "vitest";
import { smallGraph } from "../testing/graphs";
import { aliasesOf, describeShape, linksFrom, relativePath, sourceOf } from "./nodeDetails";

describe("details of a node", () => {
  it("name the dimensions of a shape", () => {
    expect(describeShape({ shape: [1, 13], dims: ["batch", "token"] })).toBe("batch 1 × token 13");
    expect(describeShape({ shape: [1, 13], dims: null })).toBe("1 × 13");
    expect(describeShape({ shape: [4, 5], dims: ["dim_0", "dim_1"] })).toBe("4 × 5");
    expect(describeShape({ shape: [], dims: [] })).toBe("scalar");
    expect(describeShape({ shape: null, dims: null })).toBeNull();
  });

  it("link to neighbours by what their paths do not share", () => {
    expect(relativePath("a.b.c.d", "a.b.x")).toBe("c.d");
    expect(relativePath("a.b", "a.b")).toBe("b");
    expect(relativePath("x.y", "a.b")).toBe("x.y");
    expect(relativePath("a.bc", "a.bd")).toBe("bc");
    const graph = smallGraph(2);
    const at = graph.nodes.findIndex(({ name }) => name === "transformer.h_1.mlp.act.pow");
    expect(linksFrom(graph, at, "inputs")).toMatchObject([
      { path: "transformer.h_1.mlp.act.mul", label: "mul" },
    ]);
    expect(linksFrom(graph, at, "users").map(({ label }) => label)).toEqual(["mul_1"]);
  });

  it("know a node's other names and where its code is", () => {
    const graph = smallGraph(2);
    const at = graph.nodes.findIndex(({ name }) => name.endsWith("attn.softmax"));
    expect(aliasesOf(graph, at)).toEqual(["blocks.0.attn.hook_pattern"]);
    expect(aliasesOf(graph, 0)).toEqual([]);
    expect(sourceOf("gpt2.ts:54: return x.add(y)")).toEqual({ place: "gpt2.ts:54", text: "return x.add(y)" });
    expect(sourceOf("cell.ts:3")).toEqual({ place: "cell.ts:3", text: "" });
    expect(sourceOf("return a ? b : c")).toEqual({ place: null, text: "return a ? b : c" });
  });
});
