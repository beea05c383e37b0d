import type { GgufTranslation } from "./translation";

export const GPT2: GgufTranslation = {
  modelType: "gpt2",
  configKeys: {
    context_length: "n_positions",
    block_count: "n_layer",
    embedding_length: "n_embd",
    feed_forward_length: "n_inner",
    "attention.head_count": "n_head",
    "attention.layer_norm_epsilon": "layer_norm_epsilon",
    vocab_size: "vocab_size",
  },
  configDefaults: { activation_function: "gelu_new" },
  names: {
    "token_embd.weight": "transformer.wte.weight",
    "position_embd.weight": "transformer.wpe.weight",
    "output_norm.weight": "transformer.ln_f.weight",
    "output_norm.bias": "transformer.ln_f.bias",
    "output.weight": "lm_head.weight",
  },
  block: "transformer.h",
  blockNames: {
    attn_norm: "ln_1",
    attn_qkv: "attn.c_attn",
    attn_output: "attn.c_proj",
    ffn_norm: "ln_2",
    ffn_up: "mlp.c_fc",
    ffn_down: "mlp.c_proj",
  },
  /** `Conv1D` weights are [in, out]; llama.cpp has all linear layers as [out, in]. */
  restore: (name, tensor) => (/\.c_(?:attn|proj|fc)\.weight$/.test(name) ? tensor.t().contiguous() : tensor),
};
