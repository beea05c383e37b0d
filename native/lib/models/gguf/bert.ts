import { type GgufTranslation, SIZE_KEYS } from "./translation";

/** BERT without its head, which llama.cpp's converter leaves out. Files of RoBERTa say that they are BERT, and are: what is before the first position is cut off. */
export const BERT: GgufTranslation = {
  modelType: "bert",
  configKeys: {
    ...SIZE_KEYS,
    "attention.layer_norm_epsilon": "layer_norm_eps",
  },
  configDefaults: { hidden_act: "gelu" },
  configFrom(_config, metadata) {
    // It sees the whole text; of a decoder that would be a variant.
    metadata.refuseUnless("attention.causal", false);
    return {
      is_causal: null,
      max_position_embeddings: metadata.rows("position_embd.weight"),
      type_vocab_size: metadata.rows("token_types.weight"),
    };
  },
  names: {
    "token_embd.weight": "bert.embeddings.word_embeddings.weight",
    "position_embd.weight": "bert.embeddings.position_embeddings.weight",
    "token_types.weight": "bert.embeddings.token_type_embeddings.weight",
    "token_embd_norm.weight": "bert.embeddings.LayerNorm.weight",
    "token_embd_norm.bias": "bert.embeddings.LayerNorm.bias",
  },
  block: "bert.encoder.layer",
  blockNames: {
    attn_q: "attention.self.query",
    attn_k: "attention.self.key",
    attn_v: "attention.self.value",
    attn_output: "attention.output.dense",
    attn_output_norm: "attention.output.LayerNorm",
    ffn_up: "intermediate.dense",
    ffn_down: "output.dense",
    layer_output_norm: "output.LayerNorm",
  },
  restore: (_name, tensor) => tensor,
};
