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

/** A saved model, opened: configuration and weights with transformers' names, nothing read into memory yet. */
export interface Checkpoint {
  readonly path: string;
  readonly modelType: string;
  readonly config: ConfigReader;
  readonly weights: WeightSource;
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
/** Files with the same weights that only Python's pickle can read. */
const PICKLES = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/**
 * Opens a transformers directory or a `.gguf` file.
 * @throws MissingFileError, CorruptFileError, UnknownArchitectureError
 */
export function openCheckpoint(path: string): Checkpoint {
  return statSync(path).isDirectory() ? openDirectory(path) : openGguf(path);
}

function openDirectory(path: string): Checkpoint {
  const file = join(path, "config.json");
  const config = new ConfigReader(readJsonObject(file), file);
  const modelType = config.text("model_type");
  // Before the weights: what is missing there does not matter to a model that cannot be built.
  architecture(modelType, file);
  return { path, modelType, config, weights: openWeights(path) };
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
