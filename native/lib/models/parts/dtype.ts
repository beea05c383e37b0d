import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";

/** The tensor in a dtype; itself, without a node of its own, where it has that. */
export function inDType(tensor: Tensor, dtype: DType): Tensor {
  return tensor.dtype === dtype ? tensor : tensor.to(dtype);
}
