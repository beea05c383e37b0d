import { callOperator } from "../../../dispatch/dispatch";
import type { Tensor } from "../../../tensor/tensor";
import { torch } from "../../../torch";

/** Columns `begin` to `end` of the blocks, packed. */
export function columns(blocks: Tensor, begin: number, end: number): Tensor {
  return blocks.narrow(1, begin, end - begin).contiguous();
}

/** Two bytes of each block as a half-precision number: [n, 1] float32. */
export function half(blocks: Tensor, begin: number): Tensor {
  return (callOperator("aten::view.dtype", [columns(blocks, begin, begin + 2), "float16"]) as Tensor).to(
    "float32",
  );
}

/** Bytes reread as signed: [n, k] int8. */
export function signed(bytes: Tensor): Tensor {
  return callOperator("aten::view.dtype", [bytes, "int8"]) as Tensor;
}

/** The low four bits of all bytes of a group, then the high four: [n, g, k] uint8 → [n, g, 2, k]. */
export function nibbles(bytes: Tensor): Tensor {
  return torch.stack([bytes.bitwise_and(0x0f), bytes.bitwise_right_shift(4)], 2);
}

/** Each bit of each byte, lowest first: [n, k] uint8 → [n, 8 k] of zeros and ones. */
export function bits(bytes: Tensor): Tensor {
  const shifts = torch.arange(8, { dtype: "uint8" });
  return bytes.unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(1).flatten(1);
}
