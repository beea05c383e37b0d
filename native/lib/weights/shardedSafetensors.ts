import { dirname, join } from "node:path";
import { ArgumentError, CorruptFileError, MissingFileError } from "../errors";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { isJsonObject, readJsonObject } from "./jsonText";
import { SafetensorsFile } from "./safetensors";
import type { WeightSource } from "./weightSource";

/** A checkpoint in several `.safetensors` files, with the `model.safetensors.index.json` that says which holds what. */
export class ShardedSafetensors implements WeightSource {
  readonly #shardOf: ReadonlyMap<string, SafetensorsFile>;

  /**
   * @param path the index file
   * @throws CorruptFileError if the index is malformed, names a file outside its folder, or a shard lacks a tensor.
   * @throws MissingFileError naming a shard that is not there.
   */
  constructor(readonly path: string) {
    const shards = new Map<string, SafetensorsFile>();
    const shardOf = new Map<string, SafetensorsFile>();
    for (const [name, file] of readShardNames(path)) {
      const shard = shards.get(file) ?? openShard(path, file);
      shards.set(file, shard);
      if (!shard.has(name)) throw new CorruptFileError(`${path}: tensor "${name}" is not in ${shard.path}`);
      shardOf.set(name, shard);
    }
    this.#shardOf = shardOf;
  }

  names(): string[] {
    return [...this.#shardOf.keys()];
  }

  read(name: string): Tensor {
    return this.#shard(name).read(name);
  }

  readOnce(name: string): Tensor {
    return this.#shard(name).readOnce(name);
  }

  dtypeOf(name: string): DType {
    return this.#shard(name).dtypeOf(name);
  }

  #shard(name: string): SafetensorsFile {
    const shard = this.#shardOf.get(name);
    if (!shard) throw new ArgumentError(`${this.path} has no tensor "${name}"`);
    return shard;
  }
}

/**
 * The files that an index names, each once.
 * @throws CorruptFileError if the index is malformed or names a file outside its folder.
 */
export function shardsOf(index: string): string[] {
  return [...new Set(readShardNames(index).values())];
}

/** The file of each tensor. */
function readShardNames(index: string): Map<string, string> {
  const map = readJsonObject(index).weight_map;
  if (!isJsonObject(map)) throw new CorruptFileError(`${index}: "weight_map" must be an object`);
  const files = new Map<string, string>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== "string" || !isPlainFileName(file)) {
      throw new CorruptFileError(
        `${index}: tensor "${name}" is said to be in ${JSON.stringify(file)}, which is not the name of a file in the same folder`,
      );
    }
    files.set(name, file);
  }
  return files;
}

/** Index files come from strangers: a shard must not be a way to any other file. */
function isPlainFileName(name: string): boolean {
  return /^[^/\\:\0]+$/.test(name) && name !== "." && name !== "..";
}

function openShard(index: string, file: string): SafetensorsFile {
  const path = join(dirname(index), file);
  try {
    return new SafetensorsFile(path);
  } catch (error) {
    if (error instanceof MissingFileError)
      throw new MissingFileError(`${path} is missing; ${index} names it`);
    throw error;
  }
}
