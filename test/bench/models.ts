import { join } from "node:path";
import { AutoModelForCausalLM, type CausalLM, type CausalLMInputs, torch } from "@graphpatch/native";
import type { ModelName } from "./peer";

const CONFIGS: Record<ModelName, { model_type: "gpt2" | "llama"; [key: string]: unknown }> = {
  small: { model_type: "gpt2" },
  tiny: { model_type: "gpt2", n_layer: 2, n_embd: 64, n_head: 4, vocab_size: 1000 },
  smollm2: {
    model_type: "llama",
    vocab_size: 49152,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    tie_word_embeddings: true,
  },
};

/** 48 token ids, the same in every run, and the first 16 of them. */
export const longIds = Array.from({ length: 48 }, (_, i) => (i * 2654435761) % 50257);
export const inputIds = longIds.slice(0, 16);

/** The peer's model from its folder, or a random one of the same shape: GPT-2 small, 2 layers of width 64, SmolLM2-135M. */
export async function benchModel(name: ModelName, folder: string | null): Promise<CausalLM> {
  torch.manual_seed(0);
  return folder === null
    ? AutoModelForCausalLM.fromConfig(CONFIGS[name])
    : AutoModelForCausalLM.fromPretrained(join(folder, name));
}

/** The 16 tokens, within the model's vocabulary. */
export function benchInputs(name: ModelName): CausalLMInputs {
  const vocabulary = Number(CONFIGS[name].vocab_size ?? 50257);
  return { input_ids: torch.tensor([inputIds.map((id) => id % vocabulary)], { dtype: "int64" }) };
}
