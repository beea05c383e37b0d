import { CorruptFileError } from "../errors";
import type { GgufValue } from "../weights/gguf/metadata";
import { type GgufSource, openGgufFiles } from "../weights/gguf/splitGguf";
import type { JsonObject } from "../weights/jsonText";
import { byteLevel, SPLITTINGS } from "./gguf/byteLevel";
import type { TokenizerParts } from "./gguf/parts";
import { impliedMerges, isGemma, sentencePiece, spelledWithMetaspaces } from "./gguf/sentencePiece";
import { around, wordPieceParts, wordPieces } from "./gguf/wordPiece";

/** llama.cpp's `LLAMA_TOKEN_TYPE_*`: tokens that are matched whole in a text. */
const CONTROL = 3;
const USER_DEFINED = 4;

/** A GGUF file's tokenizer as the `tokenizer.json` and `tokenizer_config.json` that would say the same. */
export interface GgufTokenizer {
  definition: JsonObject;
  config: JsonObject;
}

/**
 * Reads the tokenizer in a GGUF file's metadata: byte-level BPE, SentencePiece's BPE, or BERT's WordPiece.
 * @throws CorruptFileError if the file holds no tokenizer, one of another kind, or a damaged one.
 */
export function readGgufTokenizer(path: string): GgufTokenizer {
  return new GgufTokenizerReader(openGgufFiles(path)).read();
}

class GgufTokenizerReader {
  constructor(private readonly file: GgufSource) {}

  read(): GgufTokenizer {
    const model = this.#get("model");
    if (model === "bert") return this.#wordPiece();
    if (model === "gpt2" || model === "llama") return this.#merging(model === "llama");
    return this.#fail(
      model === undefined
        ? "no tokenizer in it"
        : `its tokenizer is of the kind "${String(model)}"; known are byte-level BPE ("gpt2"), SentencePiece ("llama") and WordPiece ("bert")`,
    );
  }

  #wordPiece(): GgufTokenizer {
    const stored = this.#strings("tokens");
    const added = this.#addedTokens(stored);
    const special = new Set(added.map(({ id }) => id));
    const pieces = wordPieces(stored, (id) => special.has(id));
    const role = (name: string, usual: number, other = name): [string, number] => {
      const id = Number(this.#get(`${name}_token_id`) ?? this.#get(`${other}_token_id`) ?? usual);
      return [
        pieces[id] ?? this.#fail(`the vocabulary has no token ${id}, which would be the ${name} token`),
        id,
      ];
    };
    // llama.cpp's names, its spelling, and the ids that BERT's tokens mostly have.
    const [begin, end] = [role("cls", 101, "bos"), role("seperator", 102)];
    const [unknown, padding] = [role("unknown", 100), role("padding", 0)];
    const lowercase = this.#get("normalizer.lowercase") !== false;
    const stripAccents = this.#get("normalizer.strip_accents") ?? lowercase;
    const definition = {
      added_tokens: added,
      ...wordPieceParts(lowercase, stripAccents === true),
      post_processor: around(begin, end),
      model: {
        type: "WordPiece",
        vocab: this.#vocabulary(pieces),
        unk_token: unknown[0],
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
      },
    };
    return { definition, config: { unk_token: unknown[0], pad_token: padding[0] } };
  }

  #merging(isPieces: boolean): GgufTokenizer {
    const stored = this.#strings("tokens");
    const tokens = isPieces && isGemma(this.#architecture) ? spelledWithMetaspaces(stored) : stored;
    const special = (key: string): string | null => this.#specialToken(`${key}_token_id`, tokens);
    const config = {
      bos_token: special("bos"),
      eos_token: special("eos"),
      unk_token: special("unknown"),
      pad_token: special("padding"),
      chat_template: this.file.metadata.get("tokenizer.chat_template") ?? null,
    };
    const { hasBegin, model, ...parts } = isPieces ? this.#pieces(config.unk_token) : this.#byteLevel();
    const begins = this.#get("add_bos_token") ?? hasBegin;
    const before = begins === true ? config.bos_token : null;
    const merges = isPieces && this.#get("merges") === undefined ? this.#impliedMerges(tokens) : null;
    const definition = {
      added_tokens: this.#addedTokens(tokens),
      ...parts,
      post_processor: before === null ? null : prefix(before, tokens.indexOf(before)),
      model: {
        type: "BPE",
        vocab: this.#vocabulary(tokens),
        merges: merges ?? this.#strings("merges").map((merge) => this.#pair(merge)),
        ...model,
      },
    };
    return { definition, config };
  }

  #byteLevel(): TokenizerParts {
    const name = this.#get("pre") ?? "default";
    const known = SPLITTINGS.join(", ");
    return (
      byteLevel(name) ?? this.#fail(`text is split in a way called "${String(name)}"; known are ${known}`)
    );
  }

  #pieces(unknown: string | null): TokenizerParts {
    const hasSpace = this.#get("add_space_prefix") !== false && !isGemma(this.#architecture);
    return sentencePiece(unknown, hasSpace);
  }

  get #architecture(): GgufValue | undefined {
    return this.file.metadata.get("general.architecture");
  }

  /** Gemma's scores do not follow the order of its merges; that of its pieces does. */
  #impliedMerges(tokens: readonly string[]): string[][] {
    if (isGemma(this.#architecture)) return impliedMerges(tokens, (id) => -id);
    const scores = this.#get("scores");
    if (!(scores instanceof Float32Array) || scores.length !== tokens.length) {
      return this.#fail('the metadata "tokenizer.ggml.scores" must have a number for every token');
    }
    return impliedMerges(tokens, (id) => scores[id]);
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
    const roles = ["bos", "eos", "unknown", "padding"].map((role) => this.#get(`${role}_token_id`));
    return tokens.flatMap((content, id) => {
      const special = types[id] === CONTROL || roles.includes(id);
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
