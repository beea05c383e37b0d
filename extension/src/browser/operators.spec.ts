import { describe, expect, it } from "vitest";
import { node } from "../testing/graphs";
import { describeValue, isAttentionPattern, shortDtype, shortOperator } from "./operators";

describe("operators", () => {
  it.each([
    ["aten::mul.Tensor", "mul"],
    ["aten::linear", "linear"],
    ["parameter", "parameter"],
    ["mylib::op.out", "op"],
  ])("%s is %s", (full, short) => {
    expect(shortOperator(full)).toBe(short);
  });

  it("shortens dtypes", () => {
    expect(shortDtype("bfloat16")).toBe("bf16");
    expect(shortDtype("bool")).toBe("bool");
    expect(describeValue({ dtype: "float32", shape: [1, 2] })).toBe("f32[1, 2]");
    expect(describeValue({ dtype: null, shape: null })).toBe("");
  });

  it("knows attention patterns from other softmaxes", () => {
    const pattern = node("h_0.attn.softmax", { shape: [1, 12, 13, 13] });
    expect(isAttentionPattern(pattern)).toBe(true);
    expect(isAttentionPattern({ ...pattern, operator: "aten::_safe_softmax" })).toBe(true);
    expect(isAttentionPattern({ ...pattern, module: "h_0.mixer", moduleType: "SelfAttention" })).toBe(true);
    expect(isAttentionPattern({ ...pattern, module: "head", shape: [1, 50257] })).toBe(false);
    expect(isAttentionPattern({ ...pattern, operator: "aten::log_softmax.int" })).toBe(false);
  });
});
