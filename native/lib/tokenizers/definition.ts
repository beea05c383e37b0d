import { CorruptFileError } from "../errors";
import { isJsonObject, type JsonObject } from "../weights/jsonText";

/** Ids above this are taken for damage: the library makes an array as long as the largest id. */
const MAX_ID = 1 << 24;

/** What the pieces of a vocabulary stand for. */
export type PieceSpelling = "bytes" | "metaspace" | "plain";

/** A `tokenizer.json`, checked as far as the library does not check it itself. */
export interface TokenizerDefinition {
  readonly json: JsonObject;
  readonly spelling: PieceSpelling;
}

/**
 * Checks a parsed `tokenizer.json`.
 * @param source the file, for messages
 * @throws CorruptFileError naming what is missing or wrong.
 */
export function readDefinition(json: JsonObject, source: string): TokenizerDefinition {
  const { model } = json;
  if (!isJsonObject(model)) throw new CorruptFileError(`${source}: "model" must be an object`);
  if (isJsonObject(model.vocab)) {
    for (const [token, id] of Object.entries(model.vocab)) checkId(id, token, source);
  }
  const added = json.added_tokens ?? [];
  if (!Array.isArray(added)) throw new CorruptFileError(`${source}: "added_tokens" must be a list`);
  for (const token of added) {
    if (!isJsonObject(token) || typeof token.content !== "string") {
      throw new CorruptFileError(`${source}: an added token lacks its "content"`);
    }
    checkId(token.id, token.content, source);
  }
  const parts = { post_processor: null, decoder: null, ...json, added_tokens: added };
  const normalizer = exactBert(json.normalizer ?? null);
  return {
    json: { ...parts, normalizer, pre_tokenizer: exactDigits(json.pre_tokenizer ?? null) },
    spelling: spellingOf(json),
  };
}

function checkId(id: unknown, token: string, source: string): void {
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > MAX_ID) {
    throw new CorruptFileError(`${source}: token ${JSON.stringify(token)} has the id ${JSON.stringify(id)}`);
  }
}

/** The library splits off only 0–9 where the format means every number character (½, ٣, Ⅷ): say so in its terms. */
function exactDigits(preTokenizer: unknown): unknown {
  if (!isJsonObject(preTokenizer)) return preTokenizer;
  if (preTokenizer.type === "Digits") return splitDigits(preTokenizer.individual_digits === true);
  if (preTokenizer.type !== "Sequence" || !Array.isArray(preTokenizer.pretokenizers)) return preTokenizer;
  return { ...preTokenizer, pretokenizers: preTokenizer.pretokenizers.map(exactDigits) };
}

/** Chinese characters beyond the first 65,536 of Unicode, as far as Python's tokenizers know them. */
const RARE_CHINESE = "[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]";

/**
 * The library takes characters beyond 65,536 for two, so that rare Chinese ones are no words of their own, and lowers a capital sigma
 * by its place in the word, where BERT lowers each character by itself: both are done before it.
 */
function exactBert(normalizer: unknown): unknown {
  if (!isJsonObject(normalizer)) return normalizer;
  if (normalizer.type === "Sequence" && Array.isArray(normalizer.normalizers)) {
    return { ...normalizer, normalizers: normalizer.normalizers.map(exactBert) };
  }
  if (normalizer.type !== "BertNormalizer") return normalizer;
  const before: JsonObject[] = [];
  if (normalizer.handle_chinese_chars === true) {
    before.push({ type: "Replace", pattern: { Regex: RARE_CHINESE }, content: " $& " });
  }
  if (normalizer.lowercase === true) {
    before.push({ type: "Replace", pattern: { String: "Σ" }, content: "σ" });
  }
  return { type: "Sequence", normalizers: [...before, normalizer] };
}

/** A pre-tokenizer that makes every number character, or every run of them, a piece of its own. */
export function splitDigits(individually: boolean): JsonObject {
  return {
    type: "Split",
    pattern: { Regex: individually ? "\\p{N}" : "\\p{N}+" },
    behavior: "Isolated",
    invert: false,
  };
}

function spellingOf(json: JsonObject): PieceSpelling {
  const types = typesIn([json.decoder, json.pre_tokenizer]);
  if (types.has("ByteLevel")) return "bytes";
  return types.has("Metaspace") || types.has("ByteFallback") ? "metaspace" : "plain";
}

/** Types of components, those in sequences too. */
function typesIn(components: readonly unknown[], found: Set<unknown> = new Set()): Set<unknown> {
  for (const component of components) {
    if (!isJsonObject(component)) continue;
    found.add(component.type);
    for (const key of ["decoders", "pretokenizers"]) {
      const nested = component[key];
      if (Array.isArray(nested)) typesIn(nested, found);
    }
  }
  return found;
}
