import { ArgumentError, type CorruptFileError } from "../errors";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { FileReader } from "./fileReader";
import { checkJsonExtent, duplicateKey, isJsonObject, type JsonObject, parseJsonObject } from "./jsonText";
import { ITEM_SIZE, mapFile, viewBytes } from "./mappedBytes";
import { DTYPE_OF_CODE, MAX_HEADER, METADATA } from "./safetensorsFormat";
import type { WeightSource } from "./weightSource";

/** Far more than any checkpoint needs; what is read of each tensor takes some hundred bytes of memory. */
const HEADER_EXTENT = { depth: 16, values: 8_000_000 };

/** Where a tensor lies: offsets count from the start of the file. */
interface Entry {
  dtype: DType;
  shape: number[];
  begin: number;
  end: number;
}

/** One `.safetensors` file: header checked when opened, data mapped and not read. */
export class SafetensorsFile implements WeightSource {
  /** The `__metadata__` of the header. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #size: number;
  #bytes: Tensor | null = null;

  /**
   * @throws MissingFileError if there is no file at `path`.
   * @throws CorruptFileError naming the tensor and what is wrong: truncated, bad header, sizes that do not fit their
   *   shapes, tensors that overlap or leave holes, names given twice.
   */
  constructor(readonly path: string) {
    using reader = new FileReader(path);
    const { entries, metadata } = readHeader(reader);
    this.metadata = metadata;
    this.#entries = entries;
    this.#size = reader.size;
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  read(name: string): Tensor {
    const { begin, end, dtype, shape } = this.#entry(name);
    this.#bytes ??= mapFile(this.path, this.#size);
    return viewBytes(this.#bytes, begin, end, dtype, shape);
  }

  readOnce(name: string): Tensor {
    const { begin, end, dtype, shape } = this.#entry(name);
    using bytes = mapFile(this.path, this.#size);
    return viewBytes(bytes, begin, end, dtype, shape);
  }

  dtypeOf(name: string): DType {
    return this.#entry(name).dtype;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw new ArgumentError(`${this.path} has no tensor "${name}"`);
    return entry;
  }
}

function readHeader(reader: FileReader): { entries: Map<string, Entry>; metadata: Map<string, string> } {
  const length = reader.uint64("the length of the header");
  if (length > MAX_HEADER)
    throw reader.corrupt(`a header of ${length} bytes is over the limit of ${MAX_HEADER}`);
  const text = reader.utf8(length, "the header");
  checkJsonExtent(text, HEADER_EXTENT, `the header of ${reader.path}`);
  const header = parseJsonObject(text, `the header of ${reader.path}`);
  const duplicate = duplicateKey(text);
  if (duplicate !== null) throw reader.corrupt(`the header has the key "${duplicate}" twice in one object`);
  const entries = new Map<string, Entry>();
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(header)) {
    if (!isJsonObject(value)) throw reader.corrupt(`the header's entry "${name}" is not an object`);
    if (name === METADATA) metadata = readMetadata(value, reader);
    else entries.set(name, readEntry(name, value, reader));
  }
  checkPlaces(entries, reader);
  return { entries, metadata };
}

function readMetadata(value: JsonObject, reader: FileReader): Map<string, string> {
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw reader.corrupt(`the metadata "${key}" is not a string`);
    metadata.set(key, text);
  }
  return metadata;
}

function readEntry(name: string, value: JsonObject, reader: FileReader): Entry {
  const wrong = (problem: string): CorruptFileError => reader.corrupt(`tensor "${name}": ${problem}`);
  const dtype = typeof value.dtype === "string" ? DTYPE_OF_CODE.get(value.dtype) : undefined;
  if (dtype === undefined) {
    throw wrong(`dtype ${JSON.stringify(value.dtype)} is none of ${[...DTYPE_OF_CODE.keys()].join(", ")}`);
  }
  const { shape, data_offsets: offsets } = value;
  if (!isCounts(shape)) throw wrong("shape must be a list of sizes");
  if (!isCounts(offsets) || offsets.length !== 2) throw wrong("data_offsets must be two offsets");
  const [begin, end] = offsets;
  const bytes = shape.reduce((product, size) => product * size, ITEM_SIZE[dtype] ?? 1);
  if (end - begin !== bytes) {
    throw wrong(
      `${value.dtype} of shape [${shape.join(", ")}] takes ${bytes} bytes, data_offsets give ${end - begin}`,
    );
  }
  if (end > reader.remaining)
    throw wrong(`ends at byte ${end} of the data, which has ${reader.remaining} bytes`);
  return { dtype, shape, begin: reader.offset + begin, end: reader.offset + end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** The format wants the tensors to fill the data without overlap and without holes that could hide something. */
function checkPlaces(entries: Map<string, Entry>, reader: FileReader): void {
  let filled = reader.offset;
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== filled) {
      const problem = begin < filled ? "overlaps the tensor before it" : "leaves a hole before it";
      throw reader.corrupt(`tensor "${name}" ${problem}`);
    }
    filled = end;
  }
  if (filled !== reader.size) throw reader.corrupt(`${reader.size - filled} bytes after the last tensor`);
}
