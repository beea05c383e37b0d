import type { JsonObject } from "../../weights/jsonText";
import type { GgufMetadata } from "./translation";

/** Tensors that are part of the configuration: factors of rotary frequencies. */
export const ROPE_TENSORS = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"];

/** llama.cpp's keys of a scaling's numbers, and transformers'. */
const NUMBERS: Readonly<Record<string, string>> = {
  "rope.scaling.factor": "factor",
  "rope.scaling.original_context_length": "original_max_position_embeddings",
  "rope.scaling.yarn_beta_fast": "beta_fast",
  "rope.scaling.yarn_beta_slow": "beta_slow",
};

/**
 * transformers' `rope_scaling` of a file. A type that is not known is passed on, so that the error of the configuration names it.
 *
 * Llama 3's scaling is not in the metadata: the factors that it comes to, one for each frequency, are a tensor. They are what LongRoPE
 * has for long texts and short ones.
 */
export function ropeScaling(config: JsonObject, metadata: GgufMetadata): JsonObject {
  const factors = metadata.numbers("rope_freqs.weight");
  const [long, short] = ["long", "short"].map((kind) => metadata.numbers(`rope_factors_${kind}.weight`));
  if (long && short) {
    const attention_factor = metadata.get("rope.scaling.attn_factor");
    const given = attention_factor === undefined ? {} : { attention_factor };
    return {
      original_max_position_embeddings: metadata.get("rope.scaling.original_context_length"),
      rope_scaling: { rope_type: "longrope", long_factor: long, short_factor: short, ...given },
    };
  }
  if (factors) {
    const same = { long_factor: factors, short_factor: factors, attention_factor: 1 };
    const original_max_position_embeddings = config.max_position_embeddings;
    return { rope_scaling: { rope_type: "longrope", ...same, original_max_position_embeddings } };
  }
  const rope_type = metadata.get("rope.scaling.type");
  if (rope_type === undefined || rope_type === "none") return {};
  const scaling: Record<string, unknown> = { rope_type };
  for (const [from, to] of Object.entries(NUMBERS)) {
    const value = metadata.get(from);
    if (value !== undefined) scaling[to] = value;
  }
  return { rope_scaling: scaling };
}
