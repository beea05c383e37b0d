import { headsAndRope, LLAMA_LIKE } from "./llama";
import type { GgufTranslation } from "./translation";

export const PHI3: GgufTranslation = {
  ...LLAMA_LIKE,
  modelType: "phi3",
  configKeys: { ...LLAMA_LIKE.configKeys, "attention.sliding_window": "sliding_window" },
  configFrom(config, metadata) {
    const heads = headsAndRope(config, metadata);
    const rotated = metadata.get("rope.dimension_count");
    return {
      ...heads,
      ...(rotated === undefined ? {} : { partial_rotary_factor: Number(rotated) / Number(heads.head_dim) }),
      // 0 where there is no window.
      sliding_window: config.sliding_window || null,
    };
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
