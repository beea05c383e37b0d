/** Files of a transformers directory that a tokenizer is made from; the second one may be missing. */
export const TOKENIZER = "tokenizer.json";
export const SETTINGS = "tokenizer_config.json";
