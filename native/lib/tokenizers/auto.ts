import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { MissingFileError } from "../errors";
import { locateModel } from "../models/locate";
import { type JsonObject, readJsonObject } from "../weights/jsonText";
import { readDefinition } from "./definition";
import { readGgufTokenizer } from "./fromGguf";
import { buildTokenizer } from "./library";
import { readSettings } from "./settings";
import { callable, type Tokenizer, TokenizerMethods } from "./tokenizer";

/** Loads tokenizers from transformers directories and from GGUF files. */
export const AutoTokenizer = {
  /**
   * @param pathOrName as for `AutoModelForCausalLM.fromPretrained`: a directory with a `tokenizer.json`, a `.gguf`
   *   file, or a model's name
   * @throws MissingFileError saying what was looked for and where; CorruptFileError naming what is wrong in a file.
   */
  async fromPretrained(pathOrName: string): Promise<Tokenizer> {
    const path = locateModel(pathOrName);
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
  const source = join(path, "tokenizer.json");
  if (!existsSync(source)) {
    throw new MissingFileError(
      `${path} has no tokenizer.json; save the tokenizer with transformers' save_pretrained (a fast tokenizer) first`,
    );
  }
  const config = join(path, "tokenizer_config.json");
  return {
    definition: readJsonObject(source),
    config: existsSync(config) ? readJsonObject(config) : {},
    source,
  };
}
