/** PyTorch's names of element types. */
export const DTYPES = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint8",
  "bool",
  "uint16",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "complex32",
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
] as const;

export type DType = (typeof DTYPES)[number];

const names: ReadonlySet<string> = new Set(DTYPES);

/** Whether `value` is the name of a dtype. */
export function isDType(value: unknown): value is DType {
  return typeof value === "string" && names.has(value);
}

/** float32, float16, bfloat16, …, but not complex numbers. */
export function isFloatingDType(dtype: DType): boolean {
  return dtype.startsWith("float") || dtype === "bfloat16";
}

export function isComplexDType(dtype: DType): boolean {
  return dtype.startsWith("complex");
}
