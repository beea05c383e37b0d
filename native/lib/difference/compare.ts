import type { Tensor } from "../tensor/tensor";

/** How far a value is from another of the same shape. */
export interface Distance {
  /** Euclidean norm of the difference, ‖b − a‖. */
  norm: number;
  /** That norm as a part of the first value's, ‖b − a‖ / ‖a‖; infinite where only the first is zero. */
  relative: number;
  /** Largest absolute difference of one number. */
  maxChange: number;
}

/** b − a, where equal infinities (of masks) and NaN at the same place are no difference. */
export function difference(a: Tensor, b: Tensor): Tensor {
  const plain = b.sub(a);
  if (hasOnlyFinite(plain)) return plain;
  const same = a.eq(b).logical_or(a.isnan().logical_and(b.isnan()));
  return plain.masked_fill(same, 0);
}

/** @param a, b values of one shape, as {@link comparable} makes them */
export function distance(a: Tensor, b: Tensor): Distance {
  if (a.numel() === 0) return { norm: 0, relative: 0, maxChange: 0 };
  const change = difference(a, b);
  const norm = Number(change.linalg_vector_norm().item());
  return {
    norm,
    relative: ratio(norm, Number(finitePart(a).linalg_vector_norm().item())),
    maxChange: Number(change.abs().max().item()),
  };
}

/** Relative change at each place of one dimension, over all others. */
export function distanceAlong(a: Tensor, b: Tensor, dim: number): number[] {
  const others = a.shape.map((_, at) => at).filter((at) => at !== dim);
  const norms = (value: Tensor) => value.linalg_vector_norm(2, others).tolist() as number[];
  const own = norms(finitePart(a));
  return norms(difference(a, b)).map((norm, at) => ratio(norm, own[at]));
}

/** The value in a dtype in which differences are exact enough: half precision as float32, integers and truth values as float64. */
export function comparable(value: Tensor): Tensor {
  const { dtype } = value;
  if (dtype === "float32" || dtype === "float64") return value;
  return dtype.includes("float") ? value.float() : value.double();
}

function finitePart(value: Tensor): Tensor {
  return hasOnlyFinite(value) ? value : value.nan_to_num(0, 0, 0);
}

/** One pass: a sum is finite only where all its terms are, or where it overflows, which costs nothing but the slower way. */
function hasOnlyFinite(value: Tensor): boolean {
  return Number.isFinite(Number(value.sum().item()));
}

function ratio(norm: number, own: number): number {
  if (norm === 0) return 0;
  return own === 0 ? Number.POSITIVE_INFINITY : norm / own;
}
