import { describe, expect, it } from "vitest";
import { node, smallGraph } from "../testing/graphs";
import { codeFound, markedSpans, parseQuery, SearchIndex, spansOfLabel } from "./search";

const { nodes } = smallGraph(24);
const index = new SearchIndex(nodes);

function found(query: string): string[] {
  const hits = index.search(parseQuery(query));
  return nodes.filter((_, at) => hits[at]).map(({ name }) => name);
}

describe("search", () => {
  it("finds a node by the beginnings of its words, in any case", () => {
    expect(found("H17mlpMul3")).toEqual(["transformer.h_17.mlp.act.mul_3"]);
  });

  it("wants every word", () => {
    expect(found("h_17 softmax")).toEqual(["transformer.h_17.attn.softmax"]);
    expect(found("h_17 nothing")).toEqual([]);
  });

  it("finds operators, dtypes and shapes", () => {
    expect(found("i64")).toEqual(["input_ids"]);
    expect(found("50257")).toEqual(["output|logits"]);
    expect(found("13,13")).toHaveLength(24);
    expect(found("[1,12,13,13]")).toHaveLength(24);
    expect(found("op:tanh")).toHaveLength(24);
    expect(found("op:softmax h_3")).toEqual(["transformer.h_3.attn.softmax"]);
  });

  it("finds source lines, of words long enough to mean something", () => {
    expect(found("tanh(x) h_0")).toEqual(["transformer.h_0.mlp.act.tanh"]);
    expect(found("(x")).toEqual([]);
    const { code } = nodes[2];
    expect(code).toBe("mul(x)");
    expect(codeFound(parseQuery("l(x)"), nodes[2])).toBe(code);
    expect(codeFound(parseQuery("mul"), nodes[2])).toBeNull();
    expect(codeFound(parseQuery("code:mul"), nodes[2])).toBe(code);
  });

  it("looks in one field when told to", () => {
    expect(found("code:tanh(x) h_0")).toEqual(["transformer.h_0.mlp.act.tanh"]);
    expect(found("module:gelu h_0")).toHaveLength(8);
    expect(found("shape:1536")).toHaveLength(24);
    expect(found("dtype:int64")).toEqual(["input_ids"]);
    expect(found("code:")).toHaveLength(nodes.length);
  });

  it("does not take every float for an “f”", () => {
    expect(found("f").length).toBeLessThan(nodes.length);
  });

  it("takes what is typed literally", () => {
    expect(found("(.*)[")).toEqual([]);
    expect(found("output|logits")).toEqual(["output|logits"]);
  });

  it("searches 100,000 nodes within the time of a few frames", () => {
    const many = Array.from({ length: 100_000 }, (_, at) =>
      node(`transformer.h_${Math.floor(at / 1000)}.mlp.act.mul_${at % 1000}`),
    );
    const large = new SearchIndex(many);
    large.search(parseQuery("warm"));
    const started = performance.now();
    const hits = large.search(parseQuery("h17mlpmul333"));
    const took = performance.now() - started;
    expect(hits.reduce((sum, hit) => sum + hit, 0)).toBe(1);
    // About 50 ms; a machine under load may take a few times as long.
    expect(took).toBeLessThan(400);
  });
});

describe("marks", () => {
  const marked = (query: string, path: string): string[] =>
    markedSpans(parseQuery(query), path).map(({ start, end }) => path.slice(start, end));

  it("marks what was found", () => {
    expect(marked("mlp", "model.mlp.mlp")).toEqual(["mlp", "mlp"]);
    expect(marked("h17mul", "h_17.mul")).toEqual(["h", "17", "mul"]);
    expect(marked("mod odel", "model")).toEqual(["model"]);
  });

  it("marks on a module as much as it matches", () => {
    expect(marked("l3mlp", "model.layers_3")).toEqual(["l", "3"]);
  });

  it("cuts marks to a label", () => {
    expect(spansOfLabel([{ start: 2, end: 8 }], 6)).toEqual([{ start: 0, end: 2 }]);
    expect(spansOfLabel([{ start: 2, end: 5 }], 6)).toEqual([]);
  });
});
