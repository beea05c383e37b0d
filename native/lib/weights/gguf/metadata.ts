import type { FileReader } from "../fileReader";

/** A metadata value: numeric arrays come as typed arrays, booleans in arrays as bytes. */
export type GgufValue = number | bigint | boolean | string | GgufArray;
export type GgufArray = Exclude<NumericArray, DataView> | readonly string[] | readonly GgufArray[];

type NumericArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | BigUint64Array
  | BigInt64Array
  | Float64Array;

interface NumericType {
  bytes: number;
  read(buffer: Buffer): number | bigint | boolean;
  array(buffer: ArrayBuffer): NumericArray;
}

/** `enum gguf_metadata_value_type`; 8 is a string and 9 an array. */
const NUMERIC_TYPES: ReadonlyMap<number, NumericType> = new Map<number, NumericType>([
  [0, { bytes: 1, read: (b) => b.readUInt8(), array: (b) => new Uint8Array(b) }],
  [1, { bytes: 1, read: (b) => b.readInt8(), array: (b) => new Int8Array(b) }],
  [2, { bytes: 2, read: (b) => b.readUInt16LE(), array: (b) => new Uint16Array(b) }],
  [3, { bytes: 2, read: (b) => b.readInt16LE(), array: (b) => new Int16Array(b) }],
  [4, { bytes: 4, read: (b) => b.readUInt32LE(), array: (b) => new Uint32Array(b) }],
  [5, { bytes: 4, read: (b) => b.readInt32LE(), array: (b) => new Int32Array(b) }],
  [6, { bytes: 4, read: (b) => b.readFloatLE(), array: (b) => new Float32Array(b) }],
  [7, { bytes: 1, read: (b) => b.readUInt8() !== 0, array: (b) => new Uint8Array(b) }],
  [10, { bytes: 8, read: (b) => narrow(b.readBigUInt64LE()), array: (b) => new BigUint64Array(b) }],
  [11, { bytes: 8, read: (b) => narrow(b.readBigInt64LE()), array: (b) => new BigInt64Array(b) }],
  [12, { bytes: 8, read: (b) => b.readDoubleLE(), array: (b) => new Float64Array(b) }],
]);
const STRING = 8;
const ARRAY = 9;
/** The format allows arrays in arrays without limit; no writer nests them. */
const MAX_DEPTH = 4;

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A GGUF string: its length in bytes (8 bytes), then UTF-8. */
export function readString(reader: FileReader, what: string): string {
  return reader.utf8(reader.uint64(`the length of ${what}`), what);
}

/** A value: its type (4 bytes), then itself. @throws CorruptFileError naming `what`. */
export function readValue(reader: FileReader, what: string): GgufValue {
  return readTyped(reader, reader.uint32(`the type of ${what}`), what, 0);
}

function readTyped(reader: FileReader, type: number, what: string, depth: number): GgufValue {
  if (type === STRING) return readString(reader, what);
  if (type === ARRAY) return readArray(reader, what, depth + 1);
  const numeric = NUMERIC_TYPES.get(type);
  if (!numeric) throw reader.corrupt(`${what} has the unknown value type ${type}`);
  return numeric.read(reader.bytes(numeric.bytes, what));
}

function readArray(reader: FileReader, what: string, depth: number): GgufArray {
  if (depth > MAX_DEPTH) throw reader.corrupt(`${what} nests arrays more than ${MAX_DEPTH} deep`);
  const type = reader.uint32(`the element type of ${what}`);
  const count = reader.uint64(`the length of ${what}`);
  const numeric = NUMERIC_TYPES.get(type);
  if (numeric) {
    reader.expect(count, numeric.bytes, what);
    const bytes = reader.bytes(count * numeric.bytes, what);
    return numeric.array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
    );
  }
  if (type === STRING) {
    reader.expect(count, 8, what);
    return Array.from({ length: count }, () => readString(reader, what));
  }
  if (type !== ARRAY) throw reader.corrupt(`${what} has elements of the unknown value type ${type}`);
  reader.expect(count, 12, what);
  return Array.from({ length: count }, () => readArray(reader, what, depth + 1));
}
