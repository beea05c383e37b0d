export { AutoTokenizer } from "./auto";
export { BatchEncoding, type PaddingSide } from "./batchEncoding";
export type {
  BatchOptions,
  DecodeOptions,
  EncodeOptions,
  Tokenizer,
  TokenizerMethods,
  TokenizerSettings,
} from "./tokenizer";
