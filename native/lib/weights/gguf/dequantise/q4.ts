import type { Tensor } from "../../../tensor/tensor";
import { columns, half, nibbles } from "./bits";

function quants(blocks: Tensor, begin: number): Tensor {
  return nibbles(columns(blocks, begin, begin + 16).unsqueeze(1))
    .flatten(1)
    .to("float32");
}

/** `d * (q - 8)`: [n, 18] uint8 → [n, 32] float32. */
export function dequantiseQ4_0(blocks: Tensor): Tensor {
  return quants(blocks, 2).sub_(8).mul_(half(blocks, 0));
}

/** `d * q + m`: [n, 20] uint8 → [n, 32] float32. */
export function dequantiseQ4_1(blocks: Tensor): Tensor {
  return quants(blocks, 4).mul_(half(blocks, 0)).add_(half(blocks, 2));
}
