import { GPT2LMHeadModel, torch } from "@graphpatch/native";

/** A random model of GPT-2 small's shape: 124 million parameters, float32. */
export function randomGpt2Small(): GPT2LMHeadModel {
  torch.manual_seed(0);
  const model = new GPT2LMHeadModel({
    model_type: "gpt2",
    vocab_size: 50257,
    n_positions: 1024,
    n_embd: 768,
    n_layer: 12,
    n_head: 12,
    n_inner: 3072,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    scale_attn_weights: true,
    scale_attn_by_inverse_layer_idx: false,
    tie_word_embeddings: true,
  });
  return model;
}

/** 16 token ids, the same in every run. */
export const inputIds = Array.from({ length: 16 }, (_, i) => (i * 2654435761) % 50257);
