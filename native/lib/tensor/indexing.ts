import { binding } from "../binding";
import { callOperator } from "../dispatch/dispatch";
import { getInterceptor } from "../dispatch/interceptor";
import { SliceError } from "../errors";
import { createTensor } from "./create";
import { describeSlice, parseSlice, type Range, type Slice, type SliceItem } from "./slice";
import type { Tensor } from "./tensor";

/** What is left of a slice once the views are taken: the tensor to index, and its index tensors by dimension. */
interface Selection {
  view: Tensor;
  indices: (Tensor | null)[];
}

/** How many dimensions of the tensor an item uses up. */
function dimensionsOf(item: SliceItem): number {
  if (item === null || item === "...") return 0;
  if (binding.isTensor(item)) {
    const mask = binding.dtype(item) === "bool" || binding.dtype(item) === "uint8";
    return mask ? binding.dim(item) : 1;
  }
  return 1;
}

/** "..." as the whole ranges that it stands for. */
function expandEllipsis(items: readonly SliceItem[], rank: number, text: string): SliceItem[] {
  const used = items.reduce<number>((sum, item) => sum + dimensionsOf(item), 0);
  if (used > rank) {
    throw new SliceError(
      `Slice "${text}" has ${used} places, the tensor has ${rank} dimension${rank === 1 ? "" : "s"}`,
    );
  }
  return items.flatMap((item) =>
    item === "..." ? Array.from({ length: rank - used }, (): Range => ({})) : [item],
  );
}

/**
 * A whole number in a tensor without dimensions stands for that number. A capture cannot read it: there indexing with
 * it alone gives the same values.
 */
function selectByTensor(view: Tensor, dim: number, index: Tensor): Tensor {
  if (getInterceptor() === null) return callOperator("select", [view, dim, binding.item(index)]) as Tensor;
  return callOperator("index", [view, [...Array<null>(dim).fill(null), index]]) as Tensor;
}

/** Whether PyTorch takes an index tensor for a number. */
function isNumber(index: Tensor): boolean {
  return binding.dim(index) === 0 && /^int/.test(binding.dtype(index));
}

/** Takes views as PyTorch does: indices and ranges in turn, index tensors together at the end. */
function select(tensor: Tensor, slice: Slice): Selection {
  const text = describeSlice(slice);
  const items = expandEllipsis(parseSlice(slice), tensor.dim(), text);
  let view = tensor;
  let dim = 0;
  // A mask is one index for several dimensions, so the list of indices may be shorter than `dim`.
  const indices: (Tensor | null)[] = [];
  let covered = 0;
  items.forEach((item, position) => {
    if (item === null) {
      view = callOperator("unsqueeze", [view, dim]) as Tensor;
    } else if (typeof item === "number") {
      const size = binding.sizeAt(view, dim);
      if (item < -size || item >= size) {
        throw new SliceError(
          `Slice "${text}": index ${item} at position ${position} is out of range for a dimension of size ${size}`,
        );
      }
      view = callOperator("select", [view, dim, item]) as Tensor;
      return;
    } else if (binding.isTensor(item) && isNumber(item)) {
      view = selectByTensor(view, dim, item);
      return;
    } else if (binding.isTensor(item) || Array.isArray(item)) {
      let index = Array.isArray(item)
        ? createTensor(item, item.length === 0 ? { dtype: "int64" } : {})
        : item;
      if (binding.dim(index) === 0) {
        // One boolean is a mask of a new dimension.
        view = callOperator("unsqueeze", [view, dim]) as Tensor;
        index = callOperator("reshape", [index, [1]]) as Tensor;
      }
      for (; covered < dim; covered++) indices.push(null);
      indices.push(index);
      dim += dimensionsOf(index);
      covered = dim;
      return;
    } else {
      const { start, stop, step } = item as Range;
      if (start !== undefined || stop !== undefined || step !== undefined) {
        view = callOperator("slice", [view, dim, start ?? null, stop ?? null, step ?? 1]) as Tensor;
      }
    }
    dim += 1;
  });
  return { view, indices };
}

/** `tensor[slice]`: a view where there are only indices and ranges, a copy where lists or tensors index. */
export function readSlice(tensor: Tensor, slice: Slice): Tensor {
  const { view, indices } = select(tensor, slice);
  return indices.length === 0 ? view : (callOperator("index", [view, indices]) as Tensor);
}

/** `tensor[slice] = value`, in place. */
export function writeSlice(tensor: Tensor, slice: Slice, value: Tensor | number | boolean): void {
  const { view, indices } = select(tensor, slice);
  if (indices.length === 0) {
    if (binding.isTensor(value)) callOperator("copy_", [view, value]);
    else callOperator("fill_", [view, value]);
    return;
  }
  const source = binding.isTensor(value)
    ? value
    : createTensor(value, { dtype: binding.dtype(tensor), device: binding.device(tensor) });
  callOperator("index_put_", [view, indices, source]);
}
