import type { TensorMeta } from "../archive/schema";
import { hintsOf } from "./ir";

/** Whether a tensor of these sizes and strides lies in memory without gaps, in order. */
export function isContiguous(sizes: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let dim = sizes.length - 1; dim >= 0; dim--) {
    if (sizes[dim] === 0) return true;
    if (sizes[dim] !== 1 && strides[dim] !== expected) return false;
    expected *= sizes[dim];
  }
  return true;
}

/**
 * Whether a tensor can be seen in another shape without a copy (`computeStride` of PyTorch's TensorUtils.cpp): each
 * run of dimensions that are contiguous with each other must be made of whole new dimensions.
 */
export function canView(
  sizes: readonly number[],
  strides: readonly number[],
  newSizes: readonly number[],
): boolean {
  if (sizes.length === 0 || sizes.includes(0)) return true;
  let view = newSizes.length - 1;
  let baseStride = strides[sizes.length - 1];
  let run = 1;
  let viewed = 1;
  for (let dim = sizes.length - 1; dim >= 0; dim--) {
    run *= sizes[dim];
    const endsRun = dim === 0 || (sizes[dim - 1] !== 1 && strides[dim - 1] !== run * baseStride);
    if (!endsRun) continue;
    while (view >= 0 && (viewed < run || newSizes[view] === 1)) viewed *= newSizes[view--];
    if (viewed !== run) return false;
    if (dim > 0) baseStride = strides[dim - 1];
    run = 1;
    viewed = 1;
  }
  return view < 0;
}

/** What is known of whether a result of an operator that may copy shares its argument's memory. */
export type Sharing = "shares" | "copies" | "unknown";

/** For `contiguous`. */
export function sharingOfContiguous(meta: TensorMeta): Sharing {
  const [sizes, strides] = [hintsOf(meta.sizes), hintsOf(meta.strides)];
  if (!sizes || !strides) return "unknown";
  return isContiguous(sizes, strides) ? "shares" : "copies";
}

/** For `reshape` and its kin. */
export function sharingOfReshape(from: TensorMeta, to: TensorMeta): Sharing {
  const [sizes, strides, newSizes] = [hintsOf(from.sizes), hintsOf(from.strides), hintsOf(to.sizes)];
  if (!sizes || !strides || !newSizes) return "unknown";
  return canView(sizes, strides, newSizes) ? "shares" : "copies";
}
