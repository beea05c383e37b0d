import { ArgumentError } from "../errors";
import { Tensor } from "../tensor/tensor";

/** A tensor where one was asked for: the nodes of outputs and patches here have shapes. */
export function tensorOf(value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  throw new ArgumentError("a sweep's outputs must be tensors");
}
