import type { Tensor } from "../../tensor/tensor";
import { ropeScaling } from "./rope";
import { type GgufTranslation, SIZE_KEYS } from "./translation";

export const GPT_NEOX: GgufTranslation = {
  modelType: "gpt_neox",
  configKeys: {
    ...SIZE_KEYS,
    "attention.layer_norm_epsilon": "layer_norm_eps",
    "rope.freq_base": "rotary_emb_base",
    use_parallel_residual: "use_parallel_residual",
  },
  // No file says it; llama.cpp itself takes the tanh form for all.
  configDefaults: { hidden_act: "gelu" },
  configFrom(config, metadata) {
    const headDim = Number(config.hidden_size) / Number(config.num_attention_heads);
    const rotated = metadata.get("rope.dimension_count") ?? headDim;
    return { rotary_pct: Number(rotated) / headDim, ...ropeScaling(config, metadata) };
  },
  names: {
    "token_embd.weight": "gpt_neox.embed_in.weight",
    "output_norm.weight": "gpt_neox.final_layer_norm.weight",
    "output_norm.bias": "gpt_neox.final_layer_norm.bias",
    "output.weight": "embed_out.weight",
  },
  block: "gpt_neox.layers",
  blockNames: {
    attn_norm: "input_layernorm",
    attn_qkv: "attention.query_key_value",
    attn_output: "attention.dense",
    ffn_norm: "post_attention_layernorm",
    ffn_up: "mlp.dense_h_to_4h",
    ffn_down: "mlp.dense_4h_to_h",
  },
  restore: (name, tensor, config) =>
    name.includes("query_key_value") ? byHead(tensor, Number(config.num_attention_heads)) : tensor,
};

/** All queries, keys and values one after the other, as llama.cpp's converter puts them, to those of each head together. */
function byHead(tensor: Tensor, heads: number): Tensor {
  const [rows, ...rest] = tensor.shape;
  return tensor
    .view([3, heads, Math.floor(rows / heads / 3), ...rest])
    .transpose(0, 1)
    .reshape(tensor.shape);
}
