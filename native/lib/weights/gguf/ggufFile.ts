import { ArgumentError } from "../../errors";
import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import { FileReader } from "../fileReader";
import { mapFile, viewBytes } from "../mappedBytes";
import type { StoredBlocks, WeightSource } from "../weightSource";
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
    const { type, shape, begin, end } = this.#info(name);
    if (type.dtype !== null) return viewBytes(this.#mapped(), begin, end, type.dtype, shape);
    return this.readOnce(name);
  }

  readOnce(name: string): Tensor {
    const info = this.#info(name);
    const { type, shape, begin, end } = info;
    using bytes = mapFile(this.path, this.#size);
    if (type.dtype !== null) return viewBytes(bytes, begin, end, type.dtype, shape);
    return torch.tidy(() => dequantise(blocksOf(bytes, info), type.name, "float32"));
  }

  dtypeOf(name: string): DType | null {
    return this.#info(name).type.dtype;
  }

  readBlocks(name: string): StoredBlocks | null {
    const info = this.#info(name);
    if (info.type.dtype !== null) return null;
    const columns = info.shape.at(-1) ?? 1;
    const { name: type } = info.type;
    return { blocks: blocksOf(this.#mapped(), info), type, columns, isTransposed: false, scale: 1 };
  }

  #info(name: string): GgufTensorInfo {
    const info = this.#header.tensors.get(name);
    if (!info) throw new ArgumentError(`${this.path} has no tensor "${name}"`);
    return info;
  }

  #mapped(): Tensor {
    this.#bytes ??= mapFile(this.path, this.#size);
    return this.#bytes;
  }
}

/** [..., bytes of a row] uint8, a view of the mapped file. */
function blocksOf(bytes: Tensor, { type, shape, begin, end }: GgufTensorInfo): Tensor {
  const rowBytes = ((shape.at(-1) ?? 1) / type.blockSize) * type.blockBytes;
  return viewBytes(bytes, begin, end, "uint8", [...shape.slice(0, -1), rowBytes]);
}
