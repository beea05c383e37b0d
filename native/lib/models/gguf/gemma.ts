import type { Tensor } from "../../tensor/tensor";
import type { JsonObject } from "../../weights/jsonText";
import { headsAndRope, LLAMA_LIKE } from "./llama";
import type { GgufMetadata, GgufTranslation } from "./translation";

/** llama.cpp's converter adds the 1 that a Gemma's norms add to their weights. */
function withoutOne(name: string, tensor: Tensor): Tensor {
  return name.endsWith("norm.weight") ? tensor.sub(1) : tensor;
}

export const GEMMA: GgufTranslation = { ...LLAMA_LIKE, modelType: "gemma", restore: withoutOne };

/** Each half of a block is normalised once more before it is added. */
const BLOCK_NAMES = {
  ...LLAMA_LIKE.blockNames,
  post_attention_norm: "post_attention_layernorm",
  ffn_norm: "pre_feedforward_layernorm",
  post_ffw_norm: "post_feedforward_layernorm",
};

/** What scores are divided by the root of is in no file: the heads' width, but in the largest model of each kind (as in llama.cpp). */
function queryScalar(config: JsonObject, largest: number): JsonObject {
  const { hidden_size, num_attention_heads, head_dim, num_hidden_layers } = config;
  const isLargest = num_hidden_layers === largest;
  return { query_pre_attn_scalar: isLargest ? Number(hidden_size) / Number(num_attention_heads) : head_dim };
}

export const GEMMA2: GgufTranslation = {
  ...LLAMA_LIKE,
  modelType: "gemma2",
  configKeys: {
    ...LLAMA_LIKE.configKeys,
    attn_logit_softcapping: "attn_logit_softcapping",
    final_logit_softcapping: "final_logit_softcapping",
    "attention.sliding_window": "sliding_window",
  },
  configFrom(config, metadata) {
    const heads = headsAndRope(config, metadata);
    return { ...heads, ...queryScalar({ ...config, ...heads }, 46) };
  },
  blockNames: BLOCK_NAMES,
  restore: withoutOne,
};

export const GEMMA3: GgufTranslation = {
  ...LLAMA_LIKE,
  modelType: "gemma3_text",
  configKeys: {
    ...LLAMA_LIKE.configKeys,
    final_logit_softcapping: "final_logit_softcapping",
    "attention.sliding_window": "sliding_window",
    "rope.freq_base_swa": "rope_local_base_freq",
  },
  configFrom(config, metadata) {
    const heads = headsAndRope(config, metadata);
    return { ...heads, ...queryScalar({ ...config, ...heads }, 62), ...slidingLayers(metadata) };
  },
  blockNames: { ...BLOCK_NAMES, attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" },
  restore: withoutOne,
};

/** Which layers slide: every so many do not, or a list of all. */
function slidingLayers(metadata: GgufMetadata): JsonObject {
  const pattern = metadata.get("attention.sliding_window_pattern");
  if (pattern === undefined) return {};
  if (!Array.isArray(pattern)) return { sliding_window_pattern: pattern };
  return { layer_types: pattern.map((slides) => (slides ? "sliding_attention" : "full_attention")) };
}
