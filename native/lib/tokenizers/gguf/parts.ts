import type { JsonObject } from "../../weights/jsonText";

/** Stands for a space in pieces. */
export const METASPACE = "\u2581";

/** What a kind of tokenizer in a GGUF file implies, in the terms of a `tokenizer.json`. */
export interface TokenizerParts {
  readonly normalizer: JsonObject | null;
  readonly pre_tokenizer: JsonObject | null;
  readonly decoder: JsonObject;
  /** Fields of the model beside its vocabulary and merges. */
  readonly model: JsonObject;
  /** Whether a text begins with a token of its own where the file does not say. */
  readonly hasBegin: boolean;
}
