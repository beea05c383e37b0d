import type { Tensor } from "../../../tensor/tensor";
import { bits, columns, half, nibbles } from "./bits";

/** Four low bits from the nibbles, the fifth from 32 bits before them. */
function quants(blocks: Tensor, begin: number): Tensor {
  const high = bits(columns(blocks, begin, begin + 4)).bitwise_left_shift(4);
  const low = nibbles(columns(blocks, begin + 4, begin + 20).unsqueeze(1)).flatten(1);
  return low.bitwise_or(high).to("float32");
}

/** `d * (q - 16)`: [n, 22] uint8 → [n, 32] float32. */
export function dequantiseQ5_0(blocks: Tensor): Tensor {
  return quants(blocks, 2).sub_(16).mul_(half(blocks, 0));
}

/** `d * q + m`: [n, 24] uint8 → [n, 32] float32. */
export function dequantiseQ5_1(blocks: Tensor): Tensor {
  return quants(blocks, 4).mul_(half(blocks, 0)).add_(half(blocks, 2));
}
