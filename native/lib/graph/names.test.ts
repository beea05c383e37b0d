import { describe, expect, it } from "vitest";
import { closestNames } from "./closest";
import { parameterNames } from "./forwardParameters";
import { joinIndices, moduleOf } from "./names";

describe("joinIndices", () => {
  it.each([
    ["transformer.h.17.mlp", "transformer.h_17.mlp"],
    ["model.layers.0", "model.layers_0"],
    ["net.0.1.weight", "net_0_1.weight"],
    ["0.weight", "0.weight"],
    ["h2.mlp", "h2.mlp"],
    ["", ""],
  ])("%s → %s", (path, name) => {
    expect(joinIndices(path)).toBe(name);
  });
});

describe("moduleOf", () => {
  it("leaves out the node and what it is part of", () => {
    expect(moduleOf("transformer.h_0.attn.output|sub_0.key")).toBe("transformer.h_0.attn");
    expect(moduleOf("output|logits")).toBe("");
  });
});

describe("parameterNames", () => {
  it("reads plain, defaulted, rest and destructured parameters", () => {
    class Example {
      forward(
        hidden_states: number,
        attention_mask: number[] | null = [1, 2].map((x) => x),
        ...rest: number[]
      ) {
        return [hidden_states, attention_mask, rest];
      }
      root({ input_ids, attention_mask }: { input_ids: number; attention_mask: number }) {
        return input_ids + attention_mask;
      }
      none() {}
    }
    expect(parameterNames(Example.prototype.forward)).toEqual(["hidden_states", "attention_mask", "rest"]);
    expect(parameterNames(Example.prototype.root)).toEqual([null]);
    expect(parameterNames(Example.prototype.none)).toEqual([]);
  });
});

describe("closestNames", () => {
  const known = [
    "transformer.h_0.mlp.act.mul_3",
    "transformer.h_0.mlp.act.mul_2",
    "transformer.h_0.attn.softmax",
    "lm_head",
  ];
  it("puts the nearest first", () => {
    expect(closestNames("transformer.h_0.mlp.act.mull_3", known)[0]).toBe("transformer.h_0.mlp.act.mul_3");
  });
  it("knows the end of a path", () => {
    expect(closestNames("attn.softmax", known)).toEqual(["transformer.h_0.attn.softmax"]);
  });
  it("suggests nothing for what is like nothing", () => {
    expect(closestNames("zzzzzzzzzzzzzzz", known)).toEqual([]);
  });
});
