import { isJsonObject, type JsonObject } from "../weights/jsonText";
import type { TokenizerSettings } from "./tokenizer";

/** Reads the fields of a `tokenizer_config.json` that matter here; absent or odd ones take transformers' defaults. */
export function readSettings(config: JsonObject): TokenizerSettings {
  return {
    bosToken: tokenText(config.bos_token),
    eosToken: tokenText(config.eos_token),
    unkToken: tokenText(config.unk_token),
    padToken: tokenText(config.pad_token),
    paddingSide: config.padding_side === "left" ? "left" : "right",
    cleanUpTokenizationSpaces: config.clean_up_tokenization_spaces === true,
    chatTemplate: typeof config.chat_template === "string" ? config.chat_template : null,
  };
}

/** A token is given as its text, or as an object with its text and how it is matched. */
function tokenText(token: unknown): string | null {
  if (typeof token === "string") return token;
  return isJsonObject(token) && typeof token.content === "string" ? token.content : null;
}
