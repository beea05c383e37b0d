import { ArgumentError } from "../errors";
import type { Module } from "../nn/module";
import type { DeviceMap } from "../placement";
import type { Tensor } from "../tensor/tensor";

/** What a language model is given, as a tokenizer returns it. */
export interface CausalLMInputs {
  /** [batch, seq] int64. */
  input_ids: Tensor;
  /** [batch, seq] int64, 1 for tokens and 0 for padding; absent if there is no padding. */
  attention_mask?: Tensor | null;
  /**
   * [batch, seq] or [1, seq] int64: the place of each token. Without it tokens are counted without padding, so that
   * padding on either side changes nothing.
   */
  position_ids?: Tensor | null;
  /** Whether to return `hidden_states` as well. */
  output_hidden_states?: boolean;
}

/** What an encoder is given. */
export interface EncoderInputs extends CausalLMInputs {
  /** [batch, seq] int64: which of two texts a token belongs to; all 0 if absent. */
  token_type_ids?: Tensor | null;
}

interface HiddenStates {
  /** If they were asked for: the embeddings, then what each block returns, the last one after the final norm. */
  hidden_states?: Tensor[];
}

/** What a model without a head returns. */
export interface BaseModelOutput extends HiddenStates {
  /** [batch, seq, hidden_size]. */
  last_hidden_state: Tensor;
  /** [batch, hidden_size]: BERT's summary of the text, if its weights are there. */
  pooler_output?: Tensor;
}

/** What a model that scores tokens returns. */
export interface CausalLMOutput extends HiddenStates {
  /** [batch, seq, vocab_size]: scores of the token that follows each position; in a masked language model, of the one there. */
  logits: Tensor;
}

interface PretrainedModel extends Module {
  readonly config: { readonly model_type: string; readonly vocab_size: number };
  /** Where its weights are, by module path, if it was loaded with a `deviceMap`; it may be given as one again. */
  readonly hfDeviceMap?: DeviceMap;
}

/** A model without a head. */
export interface BaseModel extends PretrainedModel {
  forward(inputs: CausalLMInputs): BaseModelOutput;
}

/** A model that predicts the next token. */
export interface CausalLM extends PretrainedModel {
  forward(inputs: CausalLMInputs): CausalLMOutput;
}

/** A model that predicts tokens that are masked. */
export interface MaskedLM extends PretrainedModel {
  forward(inputs: EncoderInputs): CausalLMOutput;
}

const KNOWN = ["input_ids", "attention_mask", "position_ids", "output_hidden_states"];

/**
 * The inputs, checked: what a model would not look at is refused, not ignored.
 * @param more further keys that the model knows
 * @throws ArgumentError naming an unknown key, or a tensor that is not [batch, seq].
 */
export function checkInputs<I extends CausalLMInputs>(inputs: I, ...more: string[]): I {
  const known = [...KNOWN, ...more];
  const unknown = Object.entries(inputs).find(
    ([key, value]) => !known.includes(key) && value !== null && value !== undefined,
  );
  if (unknown) {
    throw new ArgumentError(`the model takes no input "${unknown[0]}"; it takes ${known.join(", ")}`);
  }
  for (const key of ["input_ids", "attention_mask", "position_ids"] as const) {
    const rank = inputs[key]?.shape.length ?? (key === "input_ids" ? 0 : 2);
    if (rank !== 2)
      throw new ArgumentError(`${key} must be a tensor [batch, seq]; it has ${rank} dimensions`);
  }
  return inputs;
}

/** What a body returns: its last hidden state, and those before it if they were asked for. */
export function baseModelOutput(inputs: CausalLMInputs, earlier: Tensor[], last: Tensor): BaseModelOutput {
  const output = { last_hidden_state: last };
  return inputs.output_hidden_states ? { ...output, hidden_states: [...earlier, last] } : output;
}
