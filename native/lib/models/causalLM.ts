import type { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";

/** What a language model is given, as a tokenizer returns it. */
export interface CausalLMInputs {
  /** [batch, seq] int64. */
  input_ids: Tensor;
  /** [batch, seq] int64, 1 for tokens and 0 for padding; absent if there is no padding. */
  attention_mask?: Tensor | null;
}

export interface CausalLMOutput {
  /** [batch, seq, vocab_size]: scores of the token that follows each position. */
  logits: Tensor;
}

/** A model that predicts the next token. */
export interface CausalLM extends Module {
  readonly config: { readonly model_type: string; readonly vocab_size: number };
  forward(inputs: CausalLMInputs): CausalLMOutput;
}
