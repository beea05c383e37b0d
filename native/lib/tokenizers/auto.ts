import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { activeSignal } from "../cancellation";
import { MissingFileError } from "../errors";
import type { HubOptions } from "../hub";
import { findModel } from "../models/locate";
import { type JsonObject, readJsonObject } from "../weights/jsonText";
import { readDefinition } from "./definition";
import { SETTINGS, TOKENIZER } from "./files";
import { readGgufTokenizer } from "./fromGguf";
import { fetchTokenizer } from "./fromHub";
import { buildTokenizer } from "./library";
import { readSettings } from "./settings";
import { callable, type Tokenizer, TokenizerMethods } from "./tokenizer";

/** Loads tokenizers from transformers directories, from GGUF files and from the Hugging Face hub. */
export const AutoTokenizer = {
  /**
   * @param pathOrName as for `AutoModelForCausalLM.fromPretrained`: a directory with a `tokenizer.json`, a `.gguf`
   *   file, or a model's name, here or on the hub
   * @throws MissingFileError saying what was looked for and where; CorruptFileError naming what is wrong in a file.
   * @throws HubError saying what to do, when the hub does not give the files; CancelledError through `signal`.
   */
  async fromPretrained(pathOrName: string, options: HubOptions = {}): Promise<Tokenizer> {
    const signal = activeSignal(options.signal);
    const path = await findModel(pathOrName, { ...options, signal }, fetchTokenizer);
    const { definition, config, source } = statSync(path).isDirectory()
      ? readDirectory(path)
      : readGguf(path);
    const { json, spelling } = readDefinition(definition, source);
    const library = await buildTokenizer(json, config, source);
    return callable(new TokenizerMethods(library, spelling, readSettings(config), source));
  },
};

interface Source {
  definition: JsonObject;
  config: JsonObject;
  source: string;
}

function readGguf(path: string): Source {
  return { ...readGgufTokenizer(path), source: path };
}

function readDirectory(path: string): Source {
  const source = join(path, TOKENIZER);
  if (!existsSync(source)) {
    throw new MissingFileError(
      `${path} has no ${TOKENIZER}; save the tokenizer with transformers' save_pretrained (a fast tokenizer) first`,
    );
  }
  const config = join(path, SETTINGS);
  return {
    definition: readJsonObject(source),
    config: existsSync(config) ? readJsonObject(config) : {},
    source,
  };
}
