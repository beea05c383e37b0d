import { Module } from "../nn/module";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { ConfigReader } from "./configReader";

/** Rotary position embedding: base, and how frequencies are stretched for contexts longer than in training. */
export type RopeParameters =
  | { readonly rope_type: "default"; readonly rope_theta: number }
  | { readonly rope_type: "linear"; readonly rope_theta: number; readonly factor: number }
  | {
      readonly rope_type: "llama3";
      readonly rope_theta: number;
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      readonly original_max_position_embeddings: number;
    };

/** Reads `rope_parameters` (transformers 5), or `rope_theta` and `rope_scaling` (before). */
export function readRopeParameters(reader: ConfigReader): RopeParameters {
  const parameters = reader.nested("rope_parameters") ?? reader.nested("rope_scaling");
  const rope_theta = (parameters ?? reader).positive("rope_theta", reader.positive("rope_theta", 10000));
  const type = parameters ? parameters.text("rope_type", parameters.text("type", "default")) : "default";
  if (!parameters || type === "default") return { rope_type: "default", rope_theta };
  const factor = parameters.positive("factor");
  if (type === "linear") return { rope_type: "linear", rope_theta, factor };
  if (type !== "llama3") parameters.fail("rope_type", `is "${type}"; known are default, linear, llama3`);
  return {
    rope_type: "llama3",
    rope_theta,
    factor,
    low_freq_factor: parameters.positive("low_freq_factor"),
    high_freq_factor: parameters.positive("high_freq_factor"),
    original_max_position_embeddings: parameters.count("original_max_position_embeddings"),
  };
}

/** Turns per position of each pair of channels: [headDim / 2] float32 (transformers' `modeling_rope_utils.py`). */
function inverseFrequencies(parameters: RopeParameters, headDim: number): Tensor {
  const exponents = torch.arange(0, headDim, 2).to("float32").div(headDim);
  const frequencies = torch.pow(parameters.rope_theta, exponents).reciprocal();
  if (parameters.rope_type === "default") return frequencies;
  if (parameters.rope_type === "linear") return frequencies.div(parameters.factor);
  const { factor, low_freq_factor: low, high_freq_factor: high } = parameters;
  const context = parameters.original_max_position_embeddings;
  const wavelength = frequencies.reciprocal().mul(2 * Math.PI);
  const stretched = torch.where(wavelength.gt(context / low), frequencies.div(factor), frequencies);
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

/** Cosines and sines of the positions, shared by all layers (`LlamaRotaryEmbedding`). */
export class RotaryEmbedding extends Module {
  declare readonly inv_freq: Tensor;

  constructor(parameters: RopeParameters, headDim: number) {
    super();
    this.registerBuffer("inv_freq", inverseFrequencies(parameters, headDim), false);
  }

  /** position_ids: [batch, seq] → two of [batch, seq, headDim] in `dtype`. */
  forward(position_ids: Tensor, dtype: DType): [Tensor, Tensor] {
    const freqs = position_ids.unsqueeze(-1).to("float32").mul(this.inv_freq);
    const emb = torch.cat([freqs, freqs], -1);
    const angles: [Tensor, Tensor] = [torch.cos(emb), torch.sin(emb)];
    return dtype === "float32" ? angles : [angles[0].to(dtype), angles[1].to(dtype)];
  }
}

/** The second half of the last dimension negated, then the first. */
function rotateHalf(states: Tensor, headDim: number): Tensor {
  const half = Math.floor(headDim / 2);
  return torch.cat([states.slice(-1, half).neg(), states.slice(-1, 0, half)], -1);
}

/**
 * Rotates each head by its position (`apply_rotary_pos_emb`).
 * @param states [batch, heads, seq, headDim]
 * @param cos [batch, 1, seq, headDim]; sin alike
 */
export function applyRotary(states: Tensor, cos: Tensor, sin: Tensor, headDim: number): Tensor {
  return states.mul(cos).add(rotateHalf(states, headDim).mul(sin));
}
