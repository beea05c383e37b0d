import type { Tensor } from "../../../tensor/tensor";
import { torch } from "../../../torch";
import { type RopeParameters, rotaryDim } from "./parameters";

/**
 * Turns per position of each pair of channels, as transformers' `modeling_rope_utils.py` computes them.
 * All tensors are float32 [ceil(dim / 2)], dim being the number of rotated channels.
 */
export interface Frequencies {
  /** For texts as long as in training, or for texts of any length. */
  readonly inverse: Tensor;
  /** For longer texts, where that makes a difference and the length itself does not (LongRoPE). */
  readonly long: Tensor | null;
  /** Cosines and sines are multiplied by it. */
  readonly attentionScaling: number;
}

export function frequencies(parameters: RopeParameters, headDim: number): Frequencies {
  const dim = rotaryDim(headDim, parameters);
  const powers = torch.pow(parameters.rope_theta, exponents(dim));
  const plain = powers.reciprocal();
  const fixed = (inverse: Tensor): Frequencies => ({ inverse, long: null, attentionScaling: 1 });
  switch (parameters.rope_type) {
    case "default":
    case "dynamic":
      return fixed(plain);
    case "linear":
      return fixed(plain.div(parameters.factor));
    case "llama3":
      return fixed(llama3(parameters, plain));
    case "yarn":
      return {
        inverse: yarn(parameters, powers, dim),
        long: null,
        attentionScaling: parameters.attention_factor,
      };
    case "longrope": {
      const stretched = (factors: readonly number[]): Tensor =>
        torch
          .tensor([...factors])
          .mul(powers)
          .reciprocal();
      return {
        inverse: stretched(parameters.short_factor),
        long: stretched(parameters.long_factor),
        attentionScaling: parameters.attention_factor,
      };
    }
  }
}

/** `2i / dim` for each pair i. */
export function exponents(dim: number): Tensor {
  return torch.arange(0, dim, 2).to("float32").div(dim);
}

/**
 * Frequencies of a text that is longer than in training, by "NTK-aware" scaling of the base.
 * @param length [batch, 1] int64: tokens of each text
 * @returns [batch, 1, dim / 2]
 */
export function dynamicFrequencies(
  parameters: RopeParameters & { rope_type: "dynamic" },
  dim: number,
  length: Tensor,
): Tensor {
  const { factor, max_position_embeddings: trained } = parameters;
  const stretch = torch
    .clamp(length, trained)
    .to("float32")
    .mul(factor)
    .div(trained)
    .sub(factor - 1);
  const base = stretch.pow(dim / (dim - 2)).mul(parameters.rope_theta);
  return torch.pow(base.unsqueeze(-1), exponents(dim)).reciprocal();
}

function llama3(parameters: RopeParameters & { rope_type: "llama3" }, plain: Tensor): Tensor {
  const { factor, low_freq_factor: low, high_freq_factor: high } = parameters;
  const context = parameters.original_max_position_embeddings;
  const wavelength = plain.reciprocal().mul(2 * Math.PI);
  const stretched = torch.where(wavelength.gt(context / low), plain.div(factor), plain);
  const smooth = wavelength
    .reciprocal()
    .mul(context)
    .sub(low)
    .div(high - low);
  const blended = smooth.neg().add(1).mul(stretched).div(factor).add(smooth.mul(stretched));
  const between = wavelength
    .lt(context / high)
    .logical_or(wavelength.gt(context / low))
    .logical_not();
  return torch.where(between, blended, stretched);
}

/** YaRN (Peng et al. 2023): fast channels are left as they are, slow ones stretched, those between blended. */
function yarn(parameters: RopeParameters & { rope_type: "yarn" }, powers: Tensor, dim: number): Tensor {
  const { factor, rope_theta, original_max_position_embeddings: context } = parameters;
  /** The channel that makes so many turns over the trained context. */
  const channel = (turns: number): number =>
    (dim * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(rope_theta));
  const [first, last] = [channel(parameters.beta_fast), channel(parameters.beta_slow)];
  const low = Math.max(parameters.truncate ? Math.floor(first) : first, 0);
  const high = Math.min(parameters.truncate ? Math.ceil(last) : last, dim - 1);
  const width = high === low ? 0.001 : high - low;
  const ramp = torch
    .arange(Math.floor(dim / 2))
    .to("float32")
    .sub(low)
    .div(width)
    .clamp(0, 1);
  const kept = ramp.neg().add(1);
  const stretched = powers.mul(factor).reciprocal();
  return stretched.mul(kept.neg().add(1)).add(powers.reciprocal().mul(kept));
}
