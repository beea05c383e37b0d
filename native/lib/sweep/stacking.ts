import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/** `count` copies of a value, one after the other along dimension 0. */
export function repeatRows(value: Tensor, count: number): Tensor {
  if (count === 1) return value;
  return value.repeat([count, ...value.shape.slice(1).map(() => 1)]);
}

/** The parts of a value that belong to each of `count` cells: views. */
export function splitRows(value: Tensor, count: number): Tensor[] {
  if (count === 1) return [value];
  const size = value.shape[0] / count;
  return Array.from({ length: count }, (_, i) => value.narrow(0, i * size, size));
}

/** The positions of a dimension that are wanted, in that order. */
export function selectPositions(value: Tensor, positions: readonly number[], dim = 1): Tensor {
  const [first] = positions;
  const isRun = positions.every((position, i) => position === first + i);
  if (isRun) return value.narrow(dim, first, positions.length);
  return value.index_select(dim, torch.tensor([...positions], { dtype: "int64", device: value.device }));
}
