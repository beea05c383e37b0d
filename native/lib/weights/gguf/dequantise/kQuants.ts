import type { Tensor } from "../../../tensor/tensor";
import { torch } from "../../../torch";
import { bits, columns, half, nibbles, signed } from "./bits";

/**
 * The eight 6-bit scales and minima of a Q4_K or Q5_K block, packed into 12 bytes
 * (gguf-py's `Q4_K.get_scale_min`): [n, 12] uint8 → two of [n, 8] float32.
 */
function scalesAndMinima(packed: Tensor): [Tensor, Tensor] {
  const scale = packed.narrow(1, 0, 4);
  const minimum = packed.narrow(1, 4, 4);
  const rest = packed.narrow(1, 8, 4);
  const highBits = (bytes: Tensor): Tensor => bytes.bitwise_right_shift(2).bitwise_and(0x30);
  const scales = torch.cat([scale.bitwise_and(0x3f), rest.bitwise_and(0x0f).bitwise_or(highBits(scale))], -1);
  const minima = torch.cat(
    [minimum.bitwise_and(0x3f), rest.bitwise_right_shift(4).bitwise_or(highBits(minimum))],
    -1,
  );
  return [scales.to("float32"), minima.to("float32")];
}

/** `d * scale * q - dmin * minimum` in eight groups of 32; `q` is [n, 8, 32] float32. */
function scaled(blocks: Tensor, q: Tensor): Tensor {
  const [scales, minima] = scalesAndMinima(columns(blocks, 4, 16));
  const d = half(blocks, 0).mul(scales).unsqueeze(-1);
  const dmin = half(blocks, 2).mul(minima).unsqueeze(-1);
  return q.mul_(d).sub_(dmin).flatten(1);
}

/** [n, 144] uint8 → [n, 256] float32. */
export function dequantiseQ4_K(blocks: Tensor): Tensor {
  const q = nibbles(columns(blocks, 16, 144).view([-1, 4, 32]));
  return scaled(blocks, q.view([-1, 8, 32]).to("float32"));
}

/** [n, 176] uint8 → [n, 256] float32. */
export function dequantiseQ5_K(blocks: Tensor): Tensor {
  const low = nibbles(columns(blocks, 48, 176).view([-1, 4, 32])).view([-1, 8, 32]);
  // Bit g of byte i is the fifth bit of element i of group g.
  const high = bits(columns(blocks, 16, 48))
    .view([-1, 32, 8])
    .transpose(1, 2)
    .bitwise_left_shift(4);
  return scaled(blocks, low.bitwise_or(high).to("float32"));
}

/** `d * scale * (q - 32)` in sixteen groups of 16: [n, 210] uint8 → [n, 256] float32. */
export function dequantiseQ6_K(blocks: Tensor): Tensor {
  const low = nibbles(columns(blocks, 0, 128).view([-1, 2, 64])).view([-1, 8, 32]);
  const pairs = columns(blocks, 128, 192).view([-1, 2, 1, 32]);
  const shifts = torch.tensor([0, 2, 4, 6], { dtype: "uint8" }).view([1, 1, 4, 1]);
  const high = pairs.bitwise_right_shift(shifts).bitwise_and(3).bitwise_left_shift(4).view([-1, 8, 32]);
  const q = low.bitwise_or(high).view([-1, 16, 16]).to("float32").sub_(32);
  const d = half(blocks, 208)
    .mul(signed(columns(blocks, 192, 208)).to("float32"))
    .unsqueeze(-1);
  return q.mul_(d).flatten(1);
}
