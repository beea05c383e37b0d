import type { FileReader } from "../fileReader";
import { type GgufValue, readString, readValue } from "./metadata";
import { GGML_TYPES, type GgmlType } from "./types";

const MAGIC = 0x46554747; // "GGUF", little-endian
const VERSIONS = [2, 3];
/** As in ggml. */
const MAX_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;
/** Least bytes of a key and its value, and of a tensor's entry: bounds on how many of them a file can have. */
const LEAST_PAIR = 8 + 4 + 1;
const LEAST_TENSOR = 8 + 4 + 8 + 4 + 8;

/** Where a tensor lies and how it is stored. */
export interface GgufTensorInfo {
  readonly name: string;
  /** As PyTorch has it, rows first: GGUF stores the dimensions the other way round. */
  readonly shape: readonly number[];
  readonly type: GgmlType;
  /** Bytes from the start of the file. */
  readonly begin: number;
  readonly end: number;
}

/** All of a GGUF file but the tensors' data. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
}

type Unplaced = Omit<GgufTensorInfo, "end"> & { bytes: number };

/**
 * Reads the header of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), version 2 or 3.
 * @throws CorruptFileError for anything that does not fit: counts and lengths are checked against the file's size
 *   before memory is taken for them, tensors must lie within the file and not overlap.
 */
export function readGgufHeader(reader: FileReader): GgufHeader {
  if (reader.uint32("the magic number") !== MAGIC)
    throw reader.corrupt('not a GGUF file: it does not start with "GGUF"');
  const version = reader.uint32("the version");
  if (!VERSIONS.includes(version)) {
    const bigEndian = VERSIONS.includes(version >>> 24) && (version & 0xffffff) === 0;
    throw reader.corrupt(
      bigEndian
        ? "a big-endian GGUF file, which is not supported"
        : `GGUF version ${version}; known are ${VERSIONS.join(", ")}`,
    );
  }
  const tensorCount = reader.uint64("the number of tensors");
  const pairCount = reader.uint64("the number of metadata keys");
  reader.expect(tensorCount, LEAST_TENSOR, "the list of tensors");
  reader.expect(pairCount, LEAST_PAIR, "the metadata");
  const metadata = readMetadata(reader, pairCount);
  const tensors = readTensors(reader, tensorCount);
  return { version, metadata, tensors: placeTensors(reader, tensors, alignmentOf(reader, metadata)) };
}

function readMetadata(reader: FileReader, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = readString(reader, `metadata key ${i}`);
    if (metadata.has(key)) throw reader.corrupt(`the metadata has the key "${key}" twice`);
    metadata.set(key, readValue(reader, `the metadata "${key}"`));
  }
  return metadata;
}

function alignmentOf(reader: FileReader, metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (
    typeof alignment !== "number" ||
    !Number.isInteger(Math.log2(alignment)) ||
    alignment < 1 ||
    alignment > 1 << 20
  ) {
    throw reader.corrupt(`general.alignment must be a power of two, found ${String(alignment)}`);
  }
  return alignment;
}

function readTensors(reader: FileReader, count: number): Unplaced[] {
  const tensors: Unplaced[] = [];
  for (let i = 0; i < count; i++) {
    const name = readString(reader, `the name of tensor ${i}`);
    const what = `tensor "${name}"`;
    const dimensions = reader.uint32(`the number of dimensions of ${what}`);
    if (dimensions > MAX_DIMENSIONS) throw reader.corrupt(`${what} has ${dimensions} dimensions`);
    const shape = Array.from({ length: dimensions }, () => reader.uint64(`the shape of ${what}`)).reverse();
    const typeNumber = reader.uint32(`the type of ${what}`);
    const type = GGML_TYPES.get(typeNumber);
    if (!type) {
      const known = [...GGML_TYPES.values()].map(({ name }) => name).join(", ");
      throw reader.corrupt(`${what} is of ggml type ${typeNumber}; known are ${known}`);
    }
    const width = shape.at(-1) ?? 1;
    if (width % type.blockSize !== 0) {
      throw reader.corrupt(
        `${what}: rows of ${width} elements do not divide into ${type.name} blocks of ${type.blockSize}`,
      );
    }
    const elements = shape.reduce((product, size) => product * size, 1);
    const bytes = (elements / type.blockSize) * type.blockBytes;
    tensors.push({ name, shape, type, bytes, begin: reader.uint64(`the offset of ${what}`) });
  }
  return tensors;
}

/** Turns offsets in the data into places in the file, checked against its size and against each other. */
function placeTensors(
  reader: FileReader,
  tensors: Unplaced[],
  alignment: number,
): Map<string, GgufTensorInfo> {
  const dataStart = Math.ceil(reader.offset / alignment) * alignment;
  const placed = new Map<string, GgufTensorInfo>();
  for (const { bytes, begin, ...info } of tensors) {
    const what = `tensor "${info.name}"`;
    if (placed.has(info.name)) throw reader.corrupt(`${what} is there twice`);
    if (begin % alignment !== 0)
      throw reader.corrupt(`${what} starts at ${begin}, not a multiple of ${alignment}`);
    const end = dataStart + begin + bytes;
    if (!(end <= reader.size)) {
      throw reader.corrupt(
        `${what} takes ${bytes} bytes and would end at byte ${end}, after the end of the file`,
      );
    }
    placed.set(info.name, { ...info, begin: dataStart + begin, end });
  }
  let filled = dataStart;
  for (const { name, begin, end } of [...placed.values()].sort(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin < filled) throw reader.corrupt(`tensor "${name}" overlaps the tensor before it`);
    filled = end;
  }
  return placed;
}
