import type { DType } from "../../../tensor/dtype";
import type { Tensor } from "../../../tensor/tensor";
import { torch } from "../../../torch";
import { viewBytes } from "../../mappedBytes";
import type { GgufTensorInfo } from "../header";
import { dequantiseQ4_K, dequantiseQ5_K, dequantiseQ6_K } from "./kQuants";
import { dequantiseQ4_0, dequantiseQ4_1 } from "./q4";
import { dequantiseQ5_0, dequantiseQ5_1 } from "./q5";
import { dequantiseQ8_0 } from "./q8";

/** Types stored as plain numbers. */
const PLAIN: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["F32", "float32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
]);

/** [n, bytes of a block] uint8 → [n, elements of a block] float32, the arithmetic of gguf-py's `quants.py`. */
const BLOCKS: ReadonlyMap<string, (blocks: Tensor) => Tensor> = new Map([
  ["Q4_0", dequantiseQ4_0],
  ["Q4_1", dequantiseQ4_1],
  ["Q5_0", dequantiseQ5_0],
  ["Q5_1", dequantiseQ5_1],
  ["Q8_0", dequantiseQ8_0],
  ["Q4_K", dequantiseQ4_K],
  ["Q5_K", dequantiseQ5_K],
  ["Q6_K", dequantiseQ6_K],
]);

/**
 * Elements done at a time: fewer than PyTorch shares out among threads (32768), a multiple of all block sizes. The
 * intermediate values stay in the processor's cache, and on a busy machine no thread waits for another thousands of
 * times (measured: 3 s instead of 10 to 50 s for SmolLM2 with two threads and eight other processes on two cores).
 */
const CHUNK = 127 * 256;

/**
 * A tensor of a mapped GGUF file: plain types as a view in their own dtype, quantised ones as new float32.
 * @param bytes [size of the file] uint8
 */
export function dequantise(bytes: Tensor, info: GgufTensorInfo): Tensor {
  const { type, shape, begin, end } = info;
  const plain = PLAIN.get(type.name);
  if (plain) return viewBytes(bytes, begin, end, plain, shape);
  const toFloat = BLOCKS.get(type.name);
  if (!toFloat) throw new Error(`GGML_TYPES has ${type.name} but nothing dequantises it`);
  const count = (end - begin) / type.blockBytes;
  const out = torch.empty([count, type.blockSize], { dtype: "float32" });
  const blocks = bytes.narrow(0, begin, end - begin).view([count, type.blockBytes]);
  const step = Math.floor(CHUNK / type.blockSize);
  for (let start = 0; start < count; start += step) {
    const length = Math.min(step, count - start);
    torch.tidy(() => {
      out.narrow(0, start, length).copy_(toFloat(blocks.narrow(0, start, length)));
    });
  }
  return out.view([...shape]);
}
