import { binding } from "../../native/lib/binding";
import { isComplexDType, isFloatingDType } from "../../native/lib/tensor/dtype";
import type { Tensor } from "../../native/lib/tensor/tensor";

/**
 * How far values of the same kernel may lie apart on another processor, which adds in another order or has other
 * instructions: a few units in the last place.
 */
const RELATIVE: Readonly<Record<string, number>> = {
  float32: 1e-5,
  complex64: 1e-5,
  float64: 1e-12,
  complex128: 1e-12,
  float16: 2 ** -9,
  bfloat16: 2 ** -6,
};

/**
 * What differs between a value and what PyTorch gave, in words; null when nothing does. Dtype and shape must be the
 * same; whole numbers and booleans too, and with `exact` the bits of every number.
 * @param signs compares absolute values: eigenvectors are determined up to their sign
 */
export function difference(
  actual: Tensor | null,
  expected: Tensor,
  { exact = false, signs = false }: { exact?: boolean; signs?: boolean },
): string | null {
  if (actual === null) return "there is none";
  const kind = `${actual.dtype}[${actual.shape}]`;
  const wanted = `${expected.dtype}[${expected.shape}]`;
  if (kind !== wanted) return `${kind} instead of ${wanted}`;
  const { dtype } = expected;
  // Even a product of complex numbers depends on whether the processor fuses its additions.
  const tolerant = isComplexDType(dtype) || (isFloatingDType(dtype) && !exact);
  const [ours, theirs] = [binding.data(actual), binding.data(expected)];
  for (let i = 0; i < theirs.length; i++) {
    const [a, b] = [ours[i], theirs[i]];
    if (Object.is(a, b)) continue;
    if (tolerant && near(Number(a), Number(b), RELATIVE[dtype], signs)) continue;
    return `${a} instead of ${b} at ${i} of ${wanted}`;
  }
  return null;
}

function near(a: number, b: number, relative: number, signs: boolean): boolean {
  const [left, right] = signs ? [Math.abs(a), Math.abs(b)] : [a, b];
  return left === right || Math.abs(left - right) <= relative * (1 + Math.abs(right));
}
