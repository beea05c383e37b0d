import type { Tensor } from "../../tensor/tensor";
import type { JsonObject } from "../../weights/jsonText";
import { ropeScaling } from "./rope";
import { type GgufMetadata, type GgufTranslation, SIZE_KEYS } from "./translation";

/** What Llama and its relatives have of their heads and their rotation; what a file leaves out is llama.cpp's default, not transformers'. */
export function headsAndRope(config: JsonObject, metadata: GgufMetadata): JsonObject {
  const { hidden_size, num_attention_heads: heads, num_key_value_heads = heads } = config;
  const evenly =
    typeof hidden_size === "number" && typeof heads === "number" ? hidden_size / heads : undefined;
  const { head_dim = evenly } = config;
  const rotated = metadata.get("rope.dimension_count") ?? head_dim;
  // Of an architecture that rotates whole heads only, it is refused by this name.
  const partial = rotated === head_dim ? {} : { partial_rotary_factor: Number(rotated) / Number(head_dim) };
  return { num_key_value_heads, head_dim, ...partial, ...ropeScaling(config, metadata) };
}

/** Llama, and what its relatives share with it. */
export const LLAMA_LIKE = {
  configKeys: {
    ...SIZE_KEYS,
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
    // A mixture of experts is refused by this name.
    expert_count: "num_local_experts",
    vocab_size: "vocab_size",
  },
  configDefaults: {},
  configFrom: headsAndRope,
  names: {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
  },
  block: "model.layers",
  blockNames: {
    attn_norm: "input_layernorm",
    attn_q: "self_attn.q_proj",
    attn_k: "self_attn.k_proj",
    attn_v: "self_attn.v_proj",
    attn_output: "self_attn.o_proj",
    ffn_norm: "post_attention_layernorm",
    ffn_gate: "mlp.gate_proj",
    ffn_up: "mlp.up_proj",
    ffn_down: "mlp.down_proj",
  },
  restore: (_name: string, tensor: Tensor): Tensor => tensor,
} satisfies Omit<GgufTranslation, "modelType">;

/**
 * llama.cpp rotates neighbouring channels, transformers channels half a head apart; so llama.cpp's converter
 * interleaves the two halves of each head's rows, and this takes them apart again
 * (transformers' `LlamaTensorProcessor`).
 */
function restoreRows(tensor: Tensor, heads: number): Tensor {
  const half = Math.floor(tensor.shape[0] / heads / 2);
  return tensor
    .view([heads, half, 2, ...tensor.shape.slice(1)])
    .transpose(1, 2)
    .reshape(tensor.shape);
}

/** Llama, and Mistral, whose files say that they are Llama. */
export const LLAMA: GgufTranslation = {
  ...LLAMA_LIKE,
  modelType: "llama",
  // Whole heads are rotated, so that says how wide they are, too.
  configKeys: { "rope.dimension_count": "head_dim", ...LLAMA_LIKE.configKeys },
  restore(name, tensor, config) {
    if (/q_proj\.(?:weight|bias)$/.test(name)) return restoreRows(tensor, Number(config.num_attention_heads));
    if (/k_proj\.(?:weight|bias)$/.test(name)) {
      return restoreRows(tensor, Number(config.num_key_value_heads ?? config.num_attention_heads));
    }
    return tensor;
  },
};
