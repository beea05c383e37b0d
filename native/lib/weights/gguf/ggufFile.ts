import { ArgumentError } from "../../errors";
import type { Tensor } from "../../tensor/tensor";
import { FileReader } from "../fileReader";
import { mapFile } from "../mappedBytes";
import type { WeightSource } from "../weightSource";
import { dequantise } from "./dequantise";
import { type GgufHeader, type GgufTensorInfo, readGgufHeader } from "./header";
import type { GgufValue } from "./metadata";

/** A `.gguf` file: header checked when opened, data mapped and dequantised tensor by tensor. */
export class GgufFile implements WeightSource {
  readonly #header: GgufHeader;
  readonly #size: number;
  #bytes: Tensor | null = null;

  /**
   * @throws MissingFileError if there is no file at `path`.
   * @throws CorruptFileError naming what is wrong and at which byte.
   */
  constructor(readonly path: string) {
    using reader = new FileReader(path);
    this.#header = readGgufHeader(reader);
    this.#size = reader.size;
  }

  /** Key-value pairs of the header. */
  get metadata(): ReadonlyMap<string, GgufValue> {
    return this.#header.metadata;
  }

  get tensors(): ReadonlyMap<string, GgufTensorInfo> {
    return this.#header.tensors;
  }

  names(): string[] {
    return [...this.#header.tensors.keys()];
  }

  read(name: string): Tensor {
    const info = this.#header.tensors.get(name);
    if (!info) throw new ArgumentError(`${this.path} has no tensor "${name}"`);
    this.#bytes ??= mapFile(this.path, this.#size);
    return dequantise(this.#bytes, info);
  }
}
