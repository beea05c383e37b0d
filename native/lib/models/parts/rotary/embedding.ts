import { Module } from "../../../nn/module";
import type { DType } from "../../../tensor/dtype";
import type { Tensor } from "../../../tensor/tensor";
import { torch } from "../../../torch";
import { inDType } from "../dtype";
import { dynamicFrequencies, frequencies } from "./frequencies";
import { type RopeParameters, rotaryDim } from "./parameters";

/** Cosines and sines of positions, shared by all layers: each [batch, seq, rotated channels]. */
export type PositionEmbeddings = [Tensor, Tensor];

/**
 * Cosines and sines of the positions (`LlamaRotaryEmbedding`).
 *
 * Where frequencies depend on a text's length (dynamic, longrope), each text of a batch has those of its own length, so
 * that its neighbours do not change it; transformers takes the longest text's for all.
 */
export class RotaryEmbedding extends Module {
  declare readonly inv_freq: Tensor;
  declare readonly long_inv_freq: Tensor | null;
  readonly #scaling: number;
  readonly #dim: number;

  constructor(
    readonly rope: RopeParameters,
    headDim: number,
  ) {
    super();
    const { inverse, long, attentionScaling } = frequencies(rope, headDim);
    this.registerBuffer("inv_freq", inverse, false);
    this.registerBuffer("long_inv_freq", long, false);
    this.#scaling = attentionScaling;
    this.#dim = rotaryDim(headDim, rope);
  }

  /** position_ids: [batch, seq] → cosines and sines in `dtype`. */
  forward(position_ids: Tensor, dtype: DType): PositionEmbeddings {
    const freqs = position_ids.unsqueeze(-1).to("float32").mul(this.#frequencies(position_ids));
    const emb = torch.cat([freqs, freqs], -1);
    const scaled = (angles: Tensor): Tensor => (this.#scaling === 1 ? angles : angles.mul(this.#scaling));
    return [inDType(scaled(torch.cos(emb)), dtype), inDType(scaled(torch.sin(emb)), dtype)];
  }

  #frequencies(position_ids: Tensor): Tensor {
    const { rope } = this;
    if (rope.rope_type === "dynamic") {
      return dynamicFrequencies(rope, this.#dim, position_ids.amax([-1], true).add(1));
    }
    if (rope.rope_type !== "longrope" || !this.long_inv_freq) return this.inv_freq;
    const isLong = position_ids.amax([-1], true).add(1).gt(rope.original_max_position_embeddings);
    return torch.where(isLong.unsqueeze(-1), this.long_inv_freq, this.inv_freq);
  }
}

/** The second half of the last dimension negated, then the first. */
function rotateHalf(states: Tensor, channels: number): Tensor {
  const half = channels / 2;
  const [first, second] = [states.slice(-1, 0, half), states.slice(-1, half)];
  return torch.cat([second.neg(), first], -1);
}

/**
 * Rotates each head by its position (`apply_rotary_pos_emb`).
 * @param states [batch, seq, heads, headDim]
 * @param cos [batch, seq, 1, headDim]; sin alike
 */
export function applyRotary(states: Tensor, cos: Tensor, sin: Tensor, headDim: number): Tensor {
  return states.mul(cos).add(rotateHalf(states, headDim).mul(sin));
}

/**
 * Rotates the first channels of each head and leaves the others as they are. Where all are rotated, nothing is joined.
 * @param cos [batch, seq, 1, rotated]; sin alike
 */
export function applyPartialRotary(
  states: Tensor,
  cos: Tensor,
  sin: Tensor,
  rotated: number,
  headDim: number,
): Tensor {
  if (rotated === headDim) return applyRotary(states, cos, sin, headDim);
  const turning = applyRotary(states.slice(-1, 0, rotated), cos, sin, rotated);
  return torch.cat([turning, states.slice(-1, rotated)], -1);
}
