import type { Tensor } from "../../tensor/tensor";
import type { GgufTranslation } from "./translation";

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

export const LLAMA: GgufTranslation = {
  configKeys: {
    context_length: "max_position_embeddings",
    block_count: "num_hidden_layers",
    embedding_length: "hidden_size",
    feed_forward_length: "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.dimension_count": "head_dim",
    "rope.freq_base": "rope_theta",
    vocab_size: "vocab_size",
  },
  configDefaults: {},
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
  restore(name, tensor, config) {
    if (/q_proj\.(?:weight|bias)$/.test(name)) return restoreRows(tensor, Number(config.num_attention_heads));
    if (/k_proj\.(?:weight|bias)$/.test(name)) {
      return restoreRows(tensor, Number(config.num_key_value_heads ?? config.num_attention_heads));
    }
    return tensor;
  },
};
