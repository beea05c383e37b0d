import { CorruptFileError } from "../errors";

/** The part of `@huggingface/tokenizers` that is used: its types do not resolve under Node's module resolution. */
export interface TokenizerLibrary {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
  get_added_tokens_decoder(): Map<number, { content: string; special: boolean }>;
}

/** A part of the library's tokenizer that is put right. */
interface Decoder {
  readonly config?: { readonly type?: unknown };
  readonly decoders?: readonly Decoder[];
  text_decoder?: { decode(bytes: Uint8Array): string };
}

type TokenizerClass = new (
  tokenizer: object,
  config: object,
) => TokenizerLibrary & { readonly decoder: Decoder | null };

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What tokens of single bytes spell: text, or, if it is none, a replacement character for each. The library drops byte order marks, and has one for several. */
const BYTE_FALLBACK = {
  decode(bytes: Uint8Array): string {
    try {
      return UTF8.decode(bytes);
    } catch {
      return "\ufffd".repeat(bytes.length);
    }
  },
};

function decodeBytesExactly(decoder: Decoder): void {
  if (decoder.config?.type === "ByteFallback") decoder.text_decoder = BYTE_FALLBACK;
  for (const part of decoder.decoders ?? []) decodeBytesExactly(part);
}

/**
 * Builds the library's tokenizer from a `tokenizer.json` object.
 * @param source what it comes from, for messages
 * @throws CorruptFileError with what the library found wrong.
 */
export async function buildTokenizer(
  definition: object,
  config: object,
  source: string,
): Promise<TokenizerLibrary> {
  const library = (await import("@huggingface/tokenizers")) as unknown as { Tokenizer: TokenizerClass };
  try {
    const tokenizer = new library.Tokenizer(definition, config);
    if (tokenizer.decoder) decodeBytesExactly(tokenizer.decoder);
    return tokenizer;
  } catch (error) {
    throw new CorruptFileError(`${source}: no tokenizer can be made from it: ${(error as Error).message}`);
  }
}
