import { headsAndRope, LLAMA_LIKE } from "./llama";
import type { GgufTranslation } from "./translation";

export const PHI3: GgufTranslation = {
  ...LLAMA_LIKE,
  modelType: "phi3",
  configKeys: { ...LLAMA_LIKE.configKeys, "attention.sliding_window": "sliding_window" },
  configFrom(config, metadata) {
    // 0 where there is no window.
    return { ...headsAndRope(config, metadata), sliding_window: config.sliding_window || null };
  },
  blockNames: {
    attn_norm: "input_layernorm",
    attn_qkv: "self_attn.qkv_proj",
    attn_output: "self_attn.o_proj",
    ffn_norm: "post_attention_layernorm",
    ffn_up: "mlp.gate_up_proj",
    ffn_down: "mlp.down_proj",
  },
};
