import type { ConfigReader } from "./configReader";
import { MAX_HEAD_DIM, MAX_LAYERS } from "./configReader";

/** Sizes that decoders in Llama's manner have in common. */
export interface DecoderSizes {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
}

/** transformers' defaults of an architecture; those of the heads are derived where they are absent. */
export interface DecoderDefaults {
  vocab_size: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  /** Without it as many as there are heads. */
  num_key_value_heads?: number;
  /** Without it `hidden_size / num_attention_heads`. */
  head_dim?: number;
  rms_norm_eps?: number;
  tie_word_embeddings?: boolean;
}

/** @throws CorruptFileError naming a size that is missing, wrong, or does not fit the others. */
export function readSizes(reader: ConfigReader, defaults: DecoderDefaults): DecoderSizes {
  const hidden_size = reader.count("hidden_size", defaults.hidden_size);
  const heads = reader.count("num_attention_heads", defaults.num_attention_heads);
  const keyValueHeads =
    reader.countOrNull("num_key_value_heads", defaults.num_key_value_heads ?? heads) ?? heads;
  if (heads % keyValueHeads !== 0) {
    reader.fail("num_attention_heads", `is ${heads}, not a multiple of the ${keyValueHeads} key-value heads`);
  }
  const head_dim = reader.count(
    "head_dim",
    defaults.head_dim ?? (Math.floor(hidden_size / heads) || 1),
    MAX_HEAD_DIM,
  );
  return {
    vocab_size: reader.count("vocab_size", defaults.vocab_size),
    hidden_size,
    intermediate_size: reader.count("intermediate_size", defaults.intermediate_size),
    num_hidden_layers: reader.count("num_hidden_layers", defaults.num_hidden_layers, MAX_LAYERS),
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim,
    rms_norm_eps: reader.positive("rms_norm_eps", defaults.rms_norm_eps ?? 1e-6),
    tie_word_embeddings: reader.flag("tie_word_embeddings", defaults.tie_word_embeddings ?? false),
  };
}

/**
 * Refuses what changes the computation of any architecture and is not implemented in any.
 * @throws UnknownArchitectureError naming the field and its value.
 */
export function refuseVariants(reader: ConfigReader): void {
  refuseQuantized(reader);
  reader.refuseUnless("is_encoder_decoder", false);
  reader.refuseUnless("add_cross_attention", false);
  reader.refuseUnless("is_causal", true);
  reader.refuseUnless("use_bidirectional_attention", false);
  reader.refuseUnless("pruned_heads", {});
  reader.refuseUnless("per_layer_config", {});
  for (const experts of ["num_experts", "num_local_experts", "n_routed_experts"])
    reader.refuseUnless(experts, 0);
}

/** @throws UnknownArchitectureError where a file says that its weights are quantised (GPTQ, AWQ, bitsandbytes, FP8, …). */
export function refuseQuantized(reader: ConfigReader): void {
  if (reader.nested("quantization_config")) {
    reader.unsupported("quantization_config", "so its weights are quantised in a way that is not read here");
  }
}
