import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { MissingFileError } from "../errors";
import { readJsonObject } from "../weights/jsonText";
import { SafetensorsFile } from "../weights/safetensors";
import { ShardedSafetensors } from "../weights/shardedSafetensors";
import type { WeightSource } from "../weights/weightSource";
import { architecture } from "./architectures";
import { ConfigReader } from "./configReader";
import { openGguf } from "./gguf/checkpoint";
import { refuseQuantized } from "./sizes";

/** A saved model, opened: configuration and weights with transformers' names, nothing read into memory yet. */
export interface Checkpoint {
  readonly path: string;
  readonly modelType: string;
  readonly config: ConfigReader;
  readonly weights: WeightSource;
}

/** Files of a transformers directory. */
export const CONFIG = "config.json";
export const WEIGHTS = "model.safetensors";
export const INDEX = "model.safetensors.index.json";
/** Files with the same weights that only Python's pickle can read. */
export const PICKLES = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/**
 * Opens a transformers directory or a `.gguf` file.
 * @throws MissingFileError, CorruptFileError, UnknownArchitectureError
 */
export function openCheckpoint(path: string): Checkpoint {
  return statSync(path).isDirectory() ? openDirectory(path) : openGguf(path);
}

function openDirectory(path: string): Checkpoint {
  // Before the weights: what is missing there does not matter to a model that cannot be built.
  const { modelType, config } = readConfig(path);
  return { path, modelType, config, weights: openWeights(path) };
}

/**
 * Reads a directory's `config.json`.
 * @throws UnknownArchitectureError when no model here is of its type, or its weights are quantised; MissingFileError, CorruptFileError
 */
export function readConfig(path: string): { modelType: string; config: ConfigReader } {
  const file = join(path, CONFIG);
  const config = new ConfigReader(readJsonObject(file), file);
  const modelType = config.text("model_type");
  architecture(modelType, file);
  refuseQuantized(config);
  return { modelType, config };
}

function openWeights(path: string): WeightSource {
  const [single, index] = [join(path, WEIGHTS), join(path, INDEX)];
  if (existsSync(single)) return new SafetensorsFile(single);
  if (existsSync(index)) return new ShardedSafetensors(index);
  const pickle = PICKLES.find((name) => existsSync(join(path, name)));
  const hint = pickle
    ? `; its ${pickle} is a pickle, which can run code and is never read: save the model as safetensors first`
    : "";
  throw new MissingFileError(`${path} has neither ${WEIGHTS} nor ${INDEX}${hint}`);
}
