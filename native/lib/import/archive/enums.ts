import type { DType } from "../../tensor/dtype";

/** PyTorch's serialised numbers of dtypes (`ScalarType` of torch/_export/serde/schema.py). */
export const SCALAR_TYPES: ReadonlyMap<number, DType> = new Map<number, DType>([
  [1, "uint8"],
  [2, "int8"],
  [3, "int16"],
  [4, "int32"],
  [5, "int64"],
  [6, "float16"],
  [7, "float32"],
  [8, "float64"],
  [9, "complex32"],
  [10, "complex64"],
  [11, "complex128"],
  [12, "bool"],
  [13, "bfloat16"],
  [28, "uint16"],
  [29, "float8_e4m3fn"],
  [30, "float8_e5m2"],
  [31, "float8_e4m3fnuz"],
  [32, "float8_e5m2fnuz"],
  [34, "uint32"],
  [35, "uint64"],
]);

/** `MemoryFormat` of the schema. */
export const MEMORY_FORMATS: ReadonlyMap<number, string> = new Map([
  [1, "contiguous_format"],
  [2, "channels_last"],
  [3, "channels_last_3d"],
  [4, "preserve_format"],
]);

/** `Layout.Strided` of the schema, the only layout graphs run in. */
export const STRIDED_LAYOUT = 7;
