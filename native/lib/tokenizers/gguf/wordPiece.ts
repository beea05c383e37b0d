import type { JsonObject } from "../../weights/jsonText";
import { METASPACE } from "./parts";

/**
 * BERT's pieces as its own vocabulary spells them: llama.cpp's converter writes those that begin a word with `▁`, and leaves out the `##` of
 * others. Special tokens are as they were.
 */
export function wordPieces(tokens: readonly string[], isSpecial: (id: number) => boolean): string[] {
  return tokens.map((token, id) => {
    if (isSpecial(id)) return token;
    return token.startsWith(METASPACE) ? token.slice(METASPACE.length) : `##${token}`;
  });
}

/**
 * What BERT's tokenizers have beside their vocabulary.
 * @param lowercase, stripAccents from the file, where it says so; llama.cpp takes the first for true, and the second for the same
 */
export function wordPieceParts(lowercase: boolean, stripAccents: boolean): JsonObject {
  return {
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: stripAccents,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  };
}

/** Puts two tokens around a text. */
export function around(begin: [string, number], end: [string, number]): JsonObject {
  const token = ([id]: [string, number], type_id: number): JsonObject => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number): JsonObject => ({ Sequence: { id, type_id } });
  const single = [token(begin, 0), text("A", 0), token(end, 0)];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, text("B", 1), token(end, 1)],
    special_tokens: Object.fromEntries(
      [begin, end].map(([name, id]) => [name, { id: name, ids: [id], tokens: [name] }]),
    ),
  };
}
