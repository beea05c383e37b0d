import { ArgumentError } from "../errors";
import { Tensor } from "../tensor/tensor";
import { BatchEncoding, type PaddingSide } from "./batchEncoding";
import { fromByteLevel, toByteLevel } from "./byteAlphabet";
import type { PieceSpelling } from "./definition";
import type { TokenizerLibrary } from "./library";

/** Special tokens by their role, and other settings of a `tokenizer_config.json`. */
export interface TokenizerSettings {
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly unkToken: string | null;
  readonly padToken: string | null;
  readonly paddingSide: PaddingSide;
  readonly cleanUpTokenizationSpaces: boolean;
  readonly chatTemplate: string | null;
}

export interface EncodeOptions {
  /** Whether to add what the tokenizer puts around a text (a beginning-of-text token, say); true unless given. */
  addSpecialTokens?: boolean;
}

export interface BatchOptions extends EncodeOptions {
  /** The side to fill up shorter texts on, or false to refuse texts of different lengths; else the tokenizer's own. */
  padding?: boolean | PaddingSide;
}

export interface DecodeOptions {
  /** Whether to leave special tokens out of the text; false unless given. */
  skipSpecialTokens?: boolean;
}

/** A tokenizer, called as in transformers: `tokenizer("text")`, `tokenizer(["one", "two"])`. */
export interface Tokenizer extends TokenizerMethods {
  /**
   * Tokenizes one text or several.
   * @throws ArgumentError for no text, for texts without a single token, and for texts of different lengths if padding
   *   is turned off or the tokenizer has no token to pad with.
   */
  (text: string | readonly string[], options?: BatchOptions): BatchEncoding;
}

const METASPACE = "\u2581";
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** What a {@link Tokenizer} can do besides being called. */
export class TokenizerMethods {
  // Not #private: a Tokenizer is a function that has this object as its prototype.
  constructor(
    private readonly library: TokenizerLibrary,
    private readonly spelling: PieceSpelling,
    readonly settings: TokenizerSettings,
    private readonly source: string,
  ) {}

  /** Number of tokens, added ones included. */
  get vocabSize(): number {
    return this.library.get_vocab().size;
  }

  /** Id of the beginning-of-text token; null if there is none. The other special tokens alike. */
  get bosTokenId(): number | null {
    return this.special(this.settings.bosToken);
  }

  get eosTokenId(): number | null {
    return this.special(this.settings.eosToken);
  }

  get unkTokenId(): number | null {
    return this.special(this.settings.unkToken);
  }

  get padTokenId(): number | null {
    return this.special(this.settings.padToken);
  }

  /** Ids of one text. */
  encode(text: string, options: EncodeOptions = {}): number[] {
    if (typeof text !== "string") throw new ArgumentError(`a text must be a string, found ${typeof text}`);
    return this.library.encode(text, { add_special_tokens: options.addSpecialTokens ?? true }).ids;
  }

  /**
   * The text of ids.
   * @param ids a list, or a one-dimensional tensor
   * @throws ArgumentError for an id that is not in the vocabulary.
   */
  decode(ids: readonly number[] | Tensor, options: DecodeOptions = {}): string {
    const list = ids instanceof Tensor ? Array.from(ids.flatten().data(), Number) : [...ids];
    if (list.length === 0) return "";
    for (const id of list) this.pieceOf(id);
    return this.library.decode(list, {
      skip_special_tokens: options.skipSpecialTokens ?? false,
      clean_up_tokenization_spaces: this.settings.cleanUpTokenizationSpaces,
    });
  }

  /**
   * The readable piece of an id: `" Paris"`. Bytes that are only a part of a character are shown as `<0xE2>`.
   * @throws ArgumentError if the id is not in the vocabulary.
   */
  tokenOf(id: number): string {
    const piece = this.pieceOf(id);
    if (this.spelling === "bytes") return fromByteLevel(piece);
    return this.spelling === "metaspace" ? piece.replaceAll(METASPACE, " ") : piece;
  }

  /**
   * The id of a readable piece (`" Paris"`) or of a token as the vocabulary spells it (`"ĠParis"`).
   * @throws ArgumentError showing how the text is split if it is not one token.
   */
  idOf(piece: string): number {
    const id = this.library.token_to_id(this.spell(piece)) ?? this.library.token_to_id(piece);
    if (id !== undefined) return id;
    const parts = this.encode(piece, { addSpecialTokens: false }).map((part) =>
      JSON.stringify(this.tokenOf(part)),
    );
    throw new ArgumentError(
      `${JSON.stringify(piece)} is not one token; it is split into ${parts.join(", ")}`,
    );
  }

  /** See {@link Tokenizer}. */
  batch(text: string | readonly string[], options: BatchOptions = {}): BatchEncoding {
    const texts = Array.isArray(text) ? (text as readonly string[]) : [text as string];
    if (texts.length === 0) throw new ArgumentError("give at least one text");
    const rows = texts.map((one) => this.encode(one, options));
    const empty = rows.findIndex((row) => row.length === 0);
    if (empty >= 0) throw new ArgumentError(`text ${empty} (${JSON.stringify(texts[empty])}) has no tokens`);
    return new BatchEncoding(rows, this.padTo(rows, options.padding ?? true), (id) => this.tokenOf(id));
  }

  private padTo(rows: number[][], padding: boolean | PaddingSide): { id: number; side: PaddingSide } {
    const side = typeof padding === "string" ? padding : this.settings.paddingSide;
    // The mask hides padding from the model, so any token will do where none is meant for it.
    const id = this.padTokenId ?? this.eosTokenId ?? this.unkTokenId;
    const lengths = new Set(rows.map((row) => row.length));
    if (lengths.size > 1 && (padding === false || id === null)) {
      const why = padding === false ? "padding is turned off" : "the tokenizer has no token to pad with";
      throw new ArgumentError(`the texts have ${[...lengths].join(", ")} tokens and ${why}`);
    }
    return { id: id ?? 0, side };
  }

  private pieceOf(id: number): string {
    const piece = this.library.id_to_token(id);
    if (piece === undefined)
      throw new ArgumentError(`no token has the id ${id}; there are ${this.vocabSize} tokens`);
    return piece;
  }

  private spell(text: string): string {
    if (this.spelling === "bytes") return toByteLevel(text);
    return this.spelling === "metaspace" ? text.replaceAll(" ", METASPACE) : text;
  }

  private special(token: string | null): number | null {
    return token === null ? null : (this.library.token_to_id(token) ?? null);
  }

  toString(): string {
    const { eosToken, padToken, paddingSide } = this.settings;
    return `Tokenizer(${this.source}: ${this.vocabSize} tokens, end ${eosToken}, padding ${padToken} on the ${paddingSide})`;
  }

  [INSPECT](): string {
    return this.toString();
  }
}

/** A function with the methods of `methods`, so that it can be called as transformers' tokenizers are. */
export function callable(methods: TokenizerMethods): Tokenizer {
  const call = (text: string | readonly string[], options?: BatchOptions): BatchEncoding =>
    methods.batch(text, options);
  return Object.setPrototypeOf(call, methods) as Tokenizer;
}
