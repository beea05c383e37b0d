import { LLAMA_LIKE } from "./llama";
import type { GgufTranslation } from "./translation";

export const QWEN2: GgufTranslation = { ...LLAMA_LIKE, modelType: "qwen2" };

export const QWEN3: GgufTranslation = {
  ...LLAMA_LIKE,
  modelType: "qwen3",
  blockNames: { ...LLAMA_LIKE.blockNames, attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" },
};
