import { callOperator } from "../../dispatch/dispatch";
import { CorruptFileError, PickledDataError, UnsupportedExportError } from "../../errors";
import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import { ITEM_SIZE, mapFile } from "../../weights/mappedBytes";
import type { Payload, SymbolicNumber } from "./schema";
import type { StoredRange, ZipArchive } from "./zipArchive";

const MORE_ITEM_SIZES: Partial<Record<DType, number>> = {
  complex32: 4,
  complex128: 16,
  float8_e4m3fnuz: 1,
  float8_e5m2fnuz: 1,
};

/** The tensors of an archive: views of the mapped file, read from the disk when they are used. */
export class ArchiveWeights {
  #mapped: Tensor | null = null;
  /** What lies behind one entry, for one dtype: tied weights and views of one storage share it. */
  readonly #storages = new Map<string, Tensor>();
  readonly #tensors = new Map<string, Tensor>();

  constructor(
    private readonly archive: ZipArchive,
    private readonly weights: ReadonlyMap<string, Payload>,
    private readonly constants: ReadonlyMap<string, Payload>,
  ) {}

  /**
   * The weight, buffer or constant `name`. Those that share their bytes, sizes and strides are one tensor.
   * @throws PickledDataError for one that only Python could read.
   * @throws CorruptFileError naming the weight and what is wrong.
   */
  read(name: string): Tensor {
    const payload = this.weights.get(name) ?? this.constants.get(name);
    if (!payload) throw new CorruptFileError(`${this.archive.path} has no weight "${name}"`);
    return this.#read(name, payload);
  }

  #read(name: string, { entry, range, usesPickle, meta }: Payload): Tensor {
    if (usesPickle || !meta) {
      throw new PickledDataError(
        `${this.archive.path}: "${name}" is stored as a Python pickle (it is a tensor subclass or an object), which is never read; replace it by a plain tensor before exporting`,
      );
    }
    const [sizes, strides] = [meta.sizes, meta.strides].map((list) => list.map((one) => fixed(one, name)));
    const offset = fixed(meta.offset, name);
    const key = JSON.stringify([entry, meta.dtype, sizes, strides, offset]);
    let tensor = this.#tensors.get(key);
    if (!tensor) {
      const place = { entry, range: sizes.includes(0) ? undefined : (range ?? this.archive.locate(entry)) };
      tensor = this.#view(name, place, meta.dtype, sizes, strides, offset);
      this.#tensors.set(key, tensor);
    }
    return tensor;
  }

  #view(
    name: string,
    { entry, range }: { entry: string; range?: StoredRange },
    dtype: DType,
    sizes: number[],
    strides: number[],
    offset: number,
  ): Tensor {
    if (sizes.length !== strides.length) throw this.#corrupt(name, "has not as many strides as sizes");
    if (!range) return torch.empty(sizes, { dtype });
    const last = sizes.reduce((sum, size, i) => sum + (size - 1) * strides[i], offset);
    const itemSize = ITEM_SIZE[dtype] ?? MORE_ITEM_SIZES[dtype] ?? 0;
    const available = (range.end - range.begin) / itemSize;
    if (!Number.isSafeInteger(last) || last >= available) {
      const empty = range.begin === range.end ? " (was the model exported without its weights?)" : "";
      throw this.#corrupt(name, `needs ${last + 1} elements of ${dtype}, its entry has ${available}${empty}`);
    }
    const storage = this.#storage(entry, range, dtype, itemSize);
    // as_strided counts from the start of the storage, which for a view of the mapped file is the file's.
    const base = storage.mapped ? range.begin / itemSize : 0;
    return callOperator("aten::as_strided", [storage.tensor, sizes, strides, base + offset]) as Tensor;
  }

  #storage(
    entry: string,
    { begin, end }: StoredRange,
    dtype: DType,
    itemSize: number,
  ): { tensor: Tensor; mapped: boolean } {
    // A bool's byte may be anything in a file, but must be 0 or 1 in memory.
    const mapped = dtype !== "bool" && begin % itemSize === 0;
    const key = `${dtype} ${entry}`;
    let tensor = this.#storages.get(key);
    if (!tensor) {
      this.#mapped ??= mapFile(this.archive.path, this.archive.size);
      const bytes = this.#mapped.narrow(0, begin, end - begin - ((end - begin) % itemSize));
      if (dtype === "bool") tensor = bytes.ne(0);
      else tensor = callOperator("aten::view.dtype", [mapped ? bytes : bytes.clone(), dtype]) as Tensor;
      this.#storages.set(key, tensor);
    }
    return { tensor, mapped };
  }

  #corrupt(name: string, problem: string): CorruptFileError {
    return new CorruptFileError(`${this.archive.path}: weight "${name}" ${problem}`);
  }
}

function fixed(value: SymbolicNumber, name: string): number {
  if (typeof value !== "number" || value < 0) {
    throw new UnsupportedExportError(`weight "${name}" has sizes that are not fixed`);
  }
  return value;
}
