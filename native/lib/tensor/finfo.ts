import { DtypeError } from "../errors";
import type { DType } from "./dtype";

/** As torch.finfo: `eps` is the distance from 1 to the next number, `tiny` the smallest normal number. */
export interface FInfo {
  bits: number;
  max: number;
  min: number;
  eps: number;
  tiny: number;
}

function binaryFloat(bits: number, mantissa: number, maxExponent: number): FInfo {
  const eps = 2 ** -mantissa;
  const max = (2 - eps) * 2 ** maxExponent;
  return { bits, max, min: -max, eps, tiny: 2 ** (1 - maxExponent) };
}

const INFO: Partial<Record<DType, FInfo>> = {
  float64: binaryFloat(64, 52, 1023),
  float32: binaryFloat(32, 23, 127),
  float16: binaryFloat(16, 10, 15),
  bfloat16: binaryFloat(16, 7, 127),
};

/** @throws DtypeError for a dtype without fractions */
export function finfo(dtype: DType): FInfo {
  const info = INFO[dtype];
  if (!info) throw new DtypeError(`finfo knows float64, float32, float16 and bfloat16, not ${dtype}`);
  return info;
}
