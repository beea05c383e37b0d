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

type TokenizerClass = new (tokenizer: object, config: object) => TokenizerLibrary;

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
    return new library.Tokenizer(definition, config);
  } catch (error) {
    throw new CorruptFileError(`${source}: no tokenizer can be made from it: ${(error as Error).message}`);
  }
}
