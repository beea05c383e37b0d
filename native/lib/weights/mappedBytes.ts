import { callOperator } from "../dispatch/dispatch";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/** Bytes of one element, for the element types that weight files hold. */
export const ITEM_SIZE: Partial<Record<DType, number>> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
  complex64: 8,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2fnuz: 1,
};

/** A whole file as a tensor of bytes, mapped and not read: [size] uint8. Writing to it does not change the file. */
export function mapFile(path: string, size: number): Tensor {
  return torch.from_file(path, false, size, { dtype: "uint8" });
}

/**
 * The bytes from `begin` to `end` as a tensor: a view where their place in the file is aligned for the type, else a
 * copy. The caller has checked that they lie within the file and fit `shape`.
 *
 * @param bytes [n] uint8, a mapped file
 */
export function viewBytes(
  bytes: Tensor,
  begin: number,
  end: number,
  dtype: DType,
  shape: readonly number[],
): Tensor {
  // The views on the way would keep the mapping until they are collected.
  return torch.tidy(() => {
    const part = bytes.narrow(0, begin, end - begin);
    if (dtype === "bool") return part.ne(0).view([...shape]);
    const aligned = begin % (ITEM_SIZE[dtype] ?? 1) === 0 ? part : part.clone();
    return (callOperator("aten::view.dtype", [aligned, dtype]) as Tensor).view([...shape]);
  });
}
