import { binding } from "../binding";
import { callOperator } from "../dispatch/dispatch";
import type { Tensor } from "../tensor/tensor";
import { ITEM_SIZE } from "./mappedBytes";

/** Bytes of a tensor's values. */
export function byteLength(tensor: Tensor): number {
  return binding.numel(tensor) * (ITEM_SIZE[tensor.dtype] ?? 0);
}

/** A part of a tensor that is small enough to be copied. */
interface Piece {
  tensor: Tensor;
  /** The bytes of `tensor` that belong to the piece. */
  begin: number;
  end: number;
}

/**
 * The values in row-major order, in pieces of at most `most` bytes, each a contiguous CPU tensor or a part of one.
 * Views and tensors of other devices are copied piece by piece.
 */
export function* tensorPieces(tensor: Tensor, most: number): Generator<Piece> {
  const bytes = byteLength(tensor);
  if (bytes === 0) return;
  if (tensor.device === "cpu" && isPlain(tensor)) {
    for (let begin = 0; begin < bytes; begin += most) {
      yield { tensor, begin, end: Math.min(begin + most, bytes) };
    }
  } else if (bytes <= most) {
    // Freed at once: the garbage collector may come after many pieces.
    using copy = resolved(tensor.to("cpu")).contiguous();
    yield { tensor: copy, begin: 0, end: bytes };
  } else {
    const [rows] = tensor.shape;
    const step = Math.max(1, Math.floor(most / (bytes / rows)));
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row);
      yield* tensorPieces(count === 1 ? tensor.select(0, row) : tensor.narrow(0, row, count), most);
    }
  }
}

/** With its values in memory: a conjugate or negative view has those of the tensor it was made from. */
function resolved(tensor: Tensor): Tensor {
  return callOperator("aten::resolve_neg", [callOperator("aten::resolve_conj", [tensor])]) as Tensor;
}

/** Whether the memory holds the values as they are. */
function isPlain(tensor: Tensor): boolean {
  return tensor.is_contiguous() && !tensor.is_conj() && !tensor.is_neg();
}
