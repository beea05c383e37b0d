import { CorruptFileError, UnknownArchitectureError } from "../../errors";
import { type GgufSource, openGgufFiles } from "../../weights/gguf/splitGguf";
import type { JsonObject } from "../../weights/jsonText";
import type { Checkpoint } from "../checkpoint";
import { ConfigReader, OTHER_DOOR, shown } from "../configReader";
import { BERT } from "./bert";
import { GEMMA, GEMMA2, GEMMA3 } from "./gemma";
import { GPT2 } from "./gpt2";
import { GPT_NEOX } from "./gptNeoX";
import { LLAMA } from "./llama";
import { PHI3 } from "./phi3";
import { QWEN2, QWEN3 } from "./qwen";
import { TranslatedWeights } from "./translatedWeights";
import { GgufMetadata, type GgufTranslation } from "./translation";

/** In files of every architecture. */
const COMMON_KEYS = { "attention.causal": "is_causal" };

const TRANSLATIONS: ReadonlyMap<string, GgufTranslation> = new Map([
  ["gpt2", GPT2],
  ["gptneox", GPT_NEOX],
  ["llama", LLAMA],
  ["qwen2", QWEN2],
  ["qwen3", QWEN3],
  ["gemma", GEMMA],
  ["gemma2", GEMMA2],
  ["gemma3", GEMMA3],
  ["phi3", PHI3],
  ["bert", BERT],
]);

/**
 * A GGUF file, or several that are one model, with transformers' names for its configuration and tensors.
 * @throws CorruptFileError, MissingFileError; UnknownArchitectureError listing the known ones, or naming what of this one is not known.
 */
export function openGguf(path: string): Checkpoint {
  const file = openGgufFiles(path);
  const name = file.metadata.get("general.architecture");
  if (typeof name !== "string")
    throw new CorruptFileError(`${path}: the metadata lacks "general.architecture"`);
  const translation = TRANSLATIONS.get(name);
  if (!translation) {
    const known = [...TRANSLATIONS.keys()].join(", ");
    throw new UnknownArchitectureError(
      `${path} is of the architecture ${shown(name)}; known in GGUF are ${known}. ${OTHER_DOOR}`,
    );
  }
  const config = readConfig(file, new GgufMetadata(file, name), translation);
  return {
    path,
    modelType: translation.modelType,
    config: new ConfigReader(config, `the metadata of ${path}`),
    weights: new TranslatedWeights(file, translation, config),
  };
}

function readConfig(file: GgufSource, metadata: GgufMetadata, translation: GgufTranslation): JsonObject {
  const config = new Map<string, unknown>(Object.entries(translation.configDefaults));
  for (const [from, to] of Object.entries({ ...COMMON_KEYS, ...translation.configKeys })) {
    const value = metadata.get(from);
    if (value !== undefined) config.set(to, value);
  }
  // The embedding has a row for every token, whatever the metadata says or leaves out.
  const rows = file.tensors.get("token_embd.weight")?.shape[0];
  if (rows !== undefined) config.set("vocab_size", rows);
  config.set("tie_word_embeddings", !file.tensors.has("output.weight"));
  const biases = ["blk.0.attn_q.bias", "blk.0.attn_qkv.bias"];
  config.set(
    "attention_bias",
    biases.some((name) => file.tensors.has(name)),
  );
  config.set("mlp_bias", file.tensors.has("blk.0.ffn_up.bias"));
  const found = Object.fromEntries(config);
  const whole = { ...found, ...translation.configFrom?.(found, metadata) };
  metadata.refuseUnknown();
  return whole;
}
