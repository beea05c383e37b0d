import { existsSync } from "node:fs";
import { CorruptFileError, MissingFileError } from "../../errors";
import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";
import type { StoredBlocks, WeightSource } from "../weightSource";
import { GgufFile } from "./ggufFile";
import type { GgufTensorInfo } from "./header";
import type { GgufValue } from "./metadata";

/** What is read of a GGUF file, or of several that are one. */
export interface GgufSource extends WeightSource {
  /** Key-value pairs of the header; of several files, the first one's. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  readBlocks(name: string): StoredBlocks | null;
}

/** How llama.cpp calls the files of a model that is in several. */
const PART = /-(\d{5})-of-(\d{5})(\.gguf)$/i;

/** Names of all files of the model that `name` is a part of; itself if it is none. */
export function partsOf(name: string): string[] {
  const [part, , count, ending] = PART.exec(name) ?? [];
  if (part === undefined) return [name];
  const number = (i: number): string => String(i + 1).padStart(5, "0");
  return Array.from({ length: Number(count) }, (_, i) =>
    name.replace(PART, `-${number(i)}-of-${count}${ending}`),
  );
}

/** Whether it is a part that is not given itself, but found from the first. */
export function isLaterPart(name: string): boolean {
  const [part, number] = PART.exec(name) ?? [];
  return part !== undefined && Number(number) !== 1;
}

/**
 * Opens a model's GGUF file, or all of those that it is split into, of which any is given.
 * @throws MissingFileError naming the parts that are not there; CorruptFileError.
 */
export function openGgufFiles(path: string): GgufSource {
  const given = new GgufFile(path);
  const count = Number(given.metadata.get("split.count") ?? 1);
  if (!(count > 1)) return given;
  const paths = partsOf(path);
  if (paths.length !== count) {
    throw new CorruptFileError(
      `${path} says that it is one of ${count} files, and must be called so ("…-00001-of-${String(count).padStart(5, "0")}.gguf") for the others to be found`,
    );
  }
  const missing = paths.filter((part) => !existsSync(part));
  if (missing.length > 0) {
    throw new MissingFileError(
      `${path} is one of ${count} files of a model; there is no ${missing.join(", ")}`,
    );
  }
  return new SplitGguf(
    paths[0],
    paths.map((part) => (part === path ? given : new GgufFile(part))),
  );
}

class SplitGguf implements GgufSource {
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly #owners = new Map<string, GgufFile>();
  readonly #first: GgufFile;

  constructor(
    readonly path: string,
    parts: readonly GgufFile[],
  ) {
    this.#first = parts[0];
    this.metadata = this.#first.metadata;
    for (const [i, part] of parts.entries()) {
      const number = part.metadata.get("split.no");
      if (number !== i) {
        throw new CorruptFileError(`${part.path} says that it is part ${Number(number) + 1}, not ${i + 1}`);
      }
      for (const name of part.names()) {
        const owner = this.#owners.get(name);
        if (owner) throw new CorruptFileError(`${part.path}: the tensor "${name}" is in ${owner.path}, too`);
        this.#owners.set(name, part);
      }
    }
    this.tensors = new Map(parts.flatMap((part) => [...part.tensors]));
  }

  names(): string[] {
    return [...this.#owners.keys()];
  }

  read(name: string): Tensor {
    return this.#owner(name).read(name);
  }

  readOnce(name: string): Tensor {
    return this.#owner(name).readOnce(name);
  }

  dtypeOf(name: string): DType | null {
    return this.#owner(name).dtypeOf(name);
  }

  readBlocks(name: string): StoredBlocks | null {
    return this.#owner(name).readBlocks(name);
  }

  /** What no part has is asked of the first, whose error says so. */
  #owner(name: string): GgufFile {
    return this.#owners.get(name) ?? this.#first;
  }
}
