import type { Tensor } from "../../../tensor/tensor";
import { columns, half, signed } from "./bits";

/** `d * q`: [n, 34] uint8 → [n, 32] float32. */
export function dequantiseQ8_0(blocks: Tensor): Tensor {
  return signed(columns(blocks, 2, 34))
    .to("float32")
    .mul_(half(blocks, 0));
}
