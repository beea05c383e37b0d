import { callOperator } from "../../dispatch/dispatch";
import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";

/**
 * The numbers of quantised blocks, as gguf-py's `quants.py` computes them: an operator of the addon
 * (src/quantization), and so a node of its own in a captured graph.
 *
 * @param blocks [..., bytes of a row] uint8
 * @param type `Q4_0`, `Q6_K`, …
 * @returns [..., numbers of a row], computed in float32 and rounded to `dtype` (float32, float16 or bfloat16)
 */
export function dequantise(blocks: Tensor, type: string, dtype: DType): Tensor {
  return callOperator("graphpatch::dequantize_gguf", [blocks, type, dtype]) as Tensor;
}
