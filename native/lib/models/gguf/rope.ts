import type { JsonObject } from "../../weights/jsonText";
import type { GgufMetadata } from "./translation";

/** Tensors that are part of the configuration: factors of rotary frequencies. */
export const ROPE_TENSORS = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"];

const TYPE = "rope.scaling.type";
/** By how much attention is sharpened, where it is not YaRN's. */
const ATTENTION = "rope.scaling.attn_factor";

/** The first is what files of 2023 have. */
const FACTORS = ["rope.scale_linear", "rope.scaling.factor"];

/** llama.cpp's keys of a scaling's numbers, and transformers'; of two for one the later counts. */
const NUMBERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(FACTORS.map((key) => [key, "factor"])),
  "rope.scaling.original_context_length": "original_max_position_embeddings",
  "rope.scaling.yarn_attn_factor": "attention_factor",
  "rope.scaling.yarn_beta_fast": "beta_fast",
  "rope.scaling.yarn_beta_slow": "beta_slow",
};

/**
 * transformers' `rope_scaling` of a file. A type that is not known is passed on, so that the error of the configuration names it.
 *
 * Llama 3's scaling is not in the metadata: the factors that it comes to, one for each frequency, are a tensor. They are what LongRoPE
 * has for long texts and short ones.
 *
 * @throws UnknownArchitectureError naming what of a scaling is not computed here, or of two scalings at once.
 */
export function ropeScaling(config: JsonObject, metadata: GgufMetadata): JsonObject {
  const numbers: Record<string, unknown> = {};
  for (const [from, to] of Object.entries(NUMBERS)) {
    const value = metadata.get(from);
    if (value !== undefined) numbers[to] = value;
  }
  metadata.refuseUnless("rope.scaling.yarn_ext_factor", 1);
  const [freqs, long, short] = ROPE_TENSORS.map((tensor) => metadata.numbers(tensor));
  if (long && short) {
    metadata.refuseUnless(TYPE, "longrope", "none");
    const attention_factor = metadata.get(ATTENTION);
    const given = attention_factor === undefined ? {} : { attention_factor };
    const { original_max_position_embeddings } = numbers;
    const rope_scaling = { rope_type: "longrope", long_factor: long, short_factor: short, ...given };
    return { original_max_position_embeddings, rope_scaling };
  }
  metadata.refuseUnless(ATTENTION, 1);
  // llama.cpp takes a factor without a type for linear.
  const rope_type = metadata.get(TYPE) ?? (numbers.factor === undefined ? "none" : "linear");
  if (freqs) {
    metadata.refuseUnless(TYPE, "none");
    if (rope_type !== "none") for (const key of FACTORS) metadata.refuseUnless(key, 1);
    const same = { long_factor: freqs, short_factor: freqs, attention_factor: 1 };
    const original_max_position_embeddings = config.max_position_embeddings;
    return { rope_scaling: { rope_type: "longrope", ...same, original_max_position_embeddings } };
  }
  return rope_type === "none" ? {} : { rope_scaling: { rope_type, ...numbers } };
}
