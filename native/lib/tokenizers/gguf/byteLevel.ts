import type { JsonObject } from "../../weights/jsonText";
import { splitDigits } from "../definition";
import type { TokenizerParts } from "./parts";

/** GPT-2's own splitting of text into words, inside the byte-level step. */
const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };

const LLAMA3_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const QWEN2_WORDS = LLAMA3_WORDS.replace("\\p{N}{1,3}", "\\p{N}");

function splitWords(pattern: string): JsonObject[] {
  return [
    { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    { ...BYTE_LEVEL, use_regex: false },
  ];
}

/** Capitals and small letters are told apart; a word may have an ending of its own. */
function casedWords(ending: string, digits: string): string {
  const [capitals, small] = ["\\p{Lu}\\p{Lt}", "\\p{Ll}"].map(
    (letters) => `[${letters}\\p{Lm}\\p{Lo}\\p{M}]`,
  );
  const before = "[^\\r\\n\\p{L}\\p{N}]?";
  const words = `${before}${capitals}*${small}+${ending}|${before}${capitals}+${small}*${ending}`;
  return `${words}|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
}

const TEKKEN_WORDS = casedWords("", "");
const GPT4O_WORDS = casedWords("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "{1,3}");

/** What `tokenizer.ggml.pre` says of a tokenizer: what it is in llama.cpp's `llama-vocab.cpp`, and in the models' own `tokenizer.json`. */
interface Kind {
  /** How text is split before the merges. */
  readonly words: readonly JsonObject[];
  /** Whether accents are joined with their letters first. */
  readonly isNormalized?: true;
  /** Whether a word that is a token is taken as it is, whatever the merges make of it. */
  readonly ignoresMerges?: true;
  /** Whether a text begins with a token of its own where the file does not say. */
  readonly hasBegin?: true;
}

const LLAMA3: Kind = { words: splitWords(LLAMA3_WORDS), ignoresMerges: true, hasBegin: true };
const QWEN2: Kind = { words: splitWords(QWEN2_WORDS), isNormalized: true };

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["default", { words: [BYTE_LEVEL] }],
  ["gpt-2", { words: [BYTE_LEVEL] }],
  // Of Pythia, too.
  ["olmo", { words: [BYTE_LEVEL], isNormalized: true }],
  ["smollm", { words: [splitDigits(true), BYTE_LEVEL] }],
  ["llama-bpe", LLAMA3],
  ["llama3", LLAMA3],
  ["qwen2", QWEN2],
  ["deepseek-r1-qwen", QWEN2],
  ["tekken", { words: splitWords(TEKKEN_WORDS), ignoresMerges: true, hasBegin: true }],
  // Phi-4 and Phi-4-mini.
  ["dbrx", { words: splitWords(LLAMA3_WORDS) }],
  ["gpt-4o", { words: splitWords(GPT4O_WORDS) }],
]);

/** The names that {@link byteLevel} knows. */
export const SPLITTINGS: readonly string[] = [...KINDS.keys()];

/** Byte-level BPE; `pre` is the metadata's `tokenizer.ggml.pre`. Null for one that is not known. */
export function byteLevel(pre: unknown): TokenizerParts | null {
  const kind = typeof pre === "string" ? KINDS.get(pre) : undefined;
  if (!kind) return null;
  return {
    normalizer: kind.isNormalized ? { type: "NFC" } : null,
    pre_tokenizer: { type: "Sequence", pretokenizers: kind.words },
    decoder: { ...BYTE_LEVEL, add_prefix_space: true },
    model: { ignore_merges: kind.ignoresMerges ?? false },
    hasBegin: kind.hasBegin ?? false,
  };
}
