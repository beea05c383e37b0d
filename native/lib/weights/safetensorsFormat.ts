import type { DType } from "../tensor/dtype";

/** Largest header in bytes, as in the reference implementation. */
export const MAX_HEADER = 100_000_000;

/** Key of the header under which metadata stand; no tensor can have this name. */
export const METADATA = "__metadata__";

/** Element types of the format (safetensors' `Dtype`) and PyTorch's names for them. */
export const DTYPE_OF_CODE: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["BOOL", "bool"],
  ["U8", "uint8"],
  ["I8", "int8"],
  ["I16", "int16"],
  ["U16", "uint16"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I32", "int32"],
  ["U32", "uint32"],
  ["F32", "float32"],
  ["I64", "int64"],
  ["U64", "uint64"],
  ["F64", "float64"],
  ["C64", "complex64"],
  ["F8_E4M3", "float8_e4m3fn"],
  ["F8_E5M2", "float8_e5m2"],
  ["F8_E4M3FNUZ", "float8_e4m3fnuz"],
  ["F8_E5M2FNUZ", "float8_e5m2fnuz"],
]);

/** The other way: the format's code of a dtype that it has. */
export const CODE_OF_DTYPE: ReadonlyMap<DType, string> = new Map(
  [...DTYPE_OF_CODE].map(([code, dtype]) => [dtype, code]),
);
