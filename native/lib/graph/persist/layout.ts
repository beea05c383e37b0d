import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import { ALIGNMENT, alignmentOf } from "../../weights/alignment";
import { ITEM_SIZE } from "../../weights/mappedBytes";

/**
 * How a tensor lies in memory. A file has the values alone; kernels also look at strides and addresses (see
 * {@link ALIGNMENT}), so a graph that shall give the same bits needs its tensors as they were.
 */
export interface Layout {
  /** Null for row-major order without gaps. */
  strides: number[] | null;
  /** Address of the first element modulo {@link ALIGNMENT}. */
  alignment: number;
}

/** Memory that strides may ask for, in multiples of the values' own. Views with larger gaps are saved without them. */
const MAX_SPREAD = 16;

/** The layout of a tensor, as far as it can be made again. */
export function layoutOf(tensor: Tensor): Layout {
  const strides = tensor.stride();
  const keeps = !tensor.is_contiguous() && canHaveStrides(tensor.shape, strides);
  return { strides: keeps ? strides : null, alignment: alignmentOf(tensor) };
}

/** Whether memory can be laid out so: no element lies on another, but for dimensions of stride 0, and gaps are bounded. */
export function canHaveStrides(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.length !== strides.length) return false;
  const dims = shape.map((size, i) => ({ size, stride: strides[i] })).filter(({ size }) => size !== 1);
  const spread = dims.filter(({ stride }) => stride !== 0).sort((a, b) => a.stride - b.stride);
  let [last, count] = [0, 1];
  for (const { size, stride } of spread) {
    if (stride <= last) return false;
    last += (size - 1) * stride;
    count *= size;
  }
  return shape.every((size) => size > 0) && last < MAX_SPREAD * count + ALIGNMENT;
}

/** Whether a tensor of `dtype` can begin there. */
export function canHaveAlignment(dtype: Tensor["dtype"], alignment: number): boolean {
  return alignment < ALIGNMENT && alignment % (ITEM_SIZE[dtype] ?? 1) === 0;
}

/** `tensor` itself where it lies as `layout` says, else a copy that does. The layout can be had. */
export function withLayout(tensor: Tensor, { strides, alignment }: Layout): Tensor {
  if (tensor.numel() === 0 || (strides === null && alignmentOf(tensor) === alignment)) return tensor;
  return torch.noGrad(() => {
    const { shape } = tensor;
    const steps = strides ?? tensor.stride();
    const extent = shape.reduce((last, size, i) => last + (size - 1) * steps[i], 1);
    const itemSize = ITEM_SIZE[tensor.dtype] ?? 1;
    const memory = torch.zeros([extent + ALIGNMENT / itemSize], { dtype: tensor.dtype });
    const shift = (((alignment - alignmentOf(memory)) % ALIGNMENT) + ALIGNMENT) % ALIGNMENT;
    const copy = memory.as_strided(shape, steps, shift / itemSize);
    withoutRepetition(copy, steps).copy_(withoutRepetition(tensor, steps));
    return copy;
  });
}

/** Of dimensions with stride 0 the first element only: the others are the same one. */
function withoutRepetition(tensor: Tensor, strides: readonly number[]): Tensor {
  return strides.reduce((part, stride, dim) => (stride === 0 ? part.narrow(dim, 0, 1) : part), tensor);
}
