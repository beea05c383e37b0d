import type { CatalogNode } from "@graphpatch/kernel/protocol";

const SHORT_DTYPES: Readonly<Record<string, string>> = {
  float16: "f16",
  float32: "f32",
  float64: "f64",
  bfloat16: "bf16",
  int8: "i8",
  int16: "i16",
  int32: "i32",
  int64: "i64",
  uint8: "u8",
};

/** Bare name of an operator: `aten::mul.Tensor` → `mul`. */
export function shortOperator(operator: string): string {
  const colons = operator.lastIndexOf("::");
  const bare = colons < 0 ? operator : operator.slice(colons + 2);
  const dot = bare.indexOf(".");
  return dot > 0 ? bare.slice(0, dot) : bare;
}

/** `float32` → `f32`; what has no short name stays. */
export function shortDtype(dtype: string): string {
  return SHORT_DTYPES[dtype] ?? dtype;
}

/** `f32[1, 13, 1536]`, or "" for what is no tensor. */
export function describeValue(node: Pick<CatalogNode, "shape" | "dtype">): string {
  if (!node.shape) return "";
  return `${node.dtype ? shortDtype(node.dtype) : ""}[${node.shape.join(", ")}]`;
}

/** Whether the node is the probabilities of an attention layer: a softmax over the last of at least three dimensions, inside attention. */
export function isAttentionPattern(node: CatalogNode): boolean {
  if (!/^_?(safe_)?softmax/.test(shortOperator(node.operator))) return false;
  if (node.shape && node.shape.length < 3) return false;
  return /att(n|ention)/i.test(node.module) || /att(n|ention)/i.test(node.moduleType);
}
