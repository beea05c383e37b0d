import { CorruptFileError } from "../errors";
import type { GgufValue } from "../weights/gguf/metadata";
import { type GgufSource, openGgufFiles } from "../weights/gguf/splitGguf";
import type { JsonObject } from "../weights/jsonText";
import { splitDigits } from "./definition";

/** llama.cpp's `LLAMA_TOKEN_TYPE_*`: tokens that are matched whole in a text. */
const CONTROL = 3;
const USER_DEFINED = 4;

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

/** A GGUF file's tokenizer as the `tokenizer.json` and `tokenizer_config.json` that would say the same. */
export interface GgufTokenizer {
  definition: JsonObject;
  config: JsonObject;
}

/**
 * Reads the byte-level BPE tokenizer in a GGUF file's metadata.
 * @throws CorruptFileError if the file holds no tokenizer, one of another kind, or a damaged one.
 */
export function readGgufTokenizer(path: string): GgufTokenizer {
  return new GgufTokenizerReader(openGgufFiles(path)).read();
}

class GgufTokenizerReader {
  constructor(private readonly file: GgufSource) {}

  read(): GgufTokenizer {
    const model = this.#get("model");
    if (model !== "gpt2") {
      this.#fail(
        model === undefined
          ? "no tokenizer in it"
          : `its tokenizer is of the kind "${String(model)}"; only byte-level BPE ("gpt2") can be read from GGUF`,
      );
    }
    const tokens = this.#strings("tokens");
    const merges = this.#strings("merges");
    const special = (key: string): string | null => this.#specialToken(`${key}_token_id`, tokens);
    const config = {
      bos_token: special("bos"),
      eos_token: special("eos"),
      unk_token: special("unknown"),
      pad_token: special("padding"),
      chat_template: this.file.metadata.get("tokenizer.chat_template") ?? null,
    };
    const kind = this.#kind();
    const hasBegin = this.#get("add_bos_token") ?? kind.hasBegin ?? false;
    const before = hasBegin === true ? config.bos_token : null;
    const definition = {
      added_tokens: this.#addedTokens(tokens),
      normalizer: kind.isNormalized ? { type: "NFC" } : null,
      pre_tokenizer: { type: "Sequence", pretokenizers: kind.words },
      post_processor: before === null ? null : prefix(before, tokens.indexOf(before)),
      decoder: { ...BYTE_LEVEL, add_prefix_space: true },
      model: {
        type: "BPE",
        vocab: this.#vocabulary(tokens),
        merges: merges.map((merge) => this.#pair(merge)),
        ignore_merges: kind.ignoresMerges ?? false,
      },
    };
    return { definition, config };
  }

  #get(key: string): GgufValue | undefined {
    return this.file.metadata.get(`tokenizer.ggml.${key}`);
  }

  #fail(problem: string): never {
    throw new CorruptFileError(`${this.file.path}: ${problem}`);
  }

  #strings(key: string): readonly string[] {
    const value = this.#get(key);
    const isStrings = Array.isArray(value) && value.every((item) => typeof item === "string");
    return isStrings
      ? (value as readonly string[])
      : this.#fail(`the metadata "tokenizer.ggml.${key}" must be a list of strings`);
  }

  #specialToken(key: string, tokens: readonly string[]): string | null {
    const id = this.#get(key);
    if (id === undefined) return null;
    const token = typeof id === "number" ? tokens[id] : undefined;
    return (
      token ??
      this.#fail(`the metadata "tokenizer.ggml.${key}" is ${String(id)}, which is not the id of a token`)
    );
  }

  #kind(): Kind {
    const name = this.#get("pre") ?? "default";
    const found = typeof name === "string" ? KINDS.get(name) : undefined;
    const known = [...KINDS.keys()].join(", ");
    return found ?? this.#fail(`text is split in a way called "${String(name)}"; known are ${known}`);
  }

  /** Object.fromEntries, so that a token called `__proto__` is a token. */
  #vocabulary(tokens: readonly string[]): JsonObject {
    const vocabulary = Object.fromEntries(tokens.map((token, id) => [token, id]));
    if (Object.keys(vocabulary).length !== tokens.length) this.#fail("the vocabulary has a token twice");
    return vocabulary;
  }

  #pair(merge: string): string[] {
    const pair = merge.split(" ");
    return pair.length === 2 ? pair : this.#fail(`the merge ${JSON.stringify(merge)} is not two pieces`);
  }

  #addedTokens(tokens: readonly string[]): JsonObject[] {
    const types = this.#get("token_type");
    if (types === undefined) return [];
    if (!(types instanceof Int32Array || types instanceof Uint32Array) || types.length !== tokens.length) {
      this.#fail('the metadata "tokenizer.ggml.token_type" must have a number for every token');
    }
    return tokens.flatMap((content, id) => {
      const special = types[id] === CONTROL;
      const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
      return special || types[id] === USER_DEFINED ? [{ id, content, ...plain, special }] : [];
    });
  }
}

/** A post-processor that puts a token before the text. */
function prefix(token: string, id: number): JsonObject {
  const single = [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, { SpecialToken: { id: token, type_id: 1 } }, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}
