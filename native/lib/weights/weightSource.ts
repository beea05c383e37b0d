import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";

/** The tensors of a checkpoint by name, read one at a time. */
export interface WeightSource {
  /** The file or folder, for messages. */
  readonly path: string;
  /** Names in the file's order. */
  names(): string[];
  /**
   * The tensor as it is stored (a view of the mapped file where that is possible), or dequantised to `float32`.
   * @throws ArgumentError if there is no tensor of that name.
   */
  read(name: string): Tensor;
  /**
   * The same, but over a mapping of its own that ends when the tensor is disposed: for what is made into something else. A page that
   * was looked at through {@link read} counts as this process's memory as long as any tensor of the file is there.
   * @throws ArgumentError if there is no tensor of that name.
   */
  readOnce(name: string): Tensor;
  /** The dtype of what {@link read} gives a view of; null where it has to compute the tensor. */
  dtypeOf(name: string): DType | null;
  /**
   * The tensor in quantised blocks, as the file has them (mapped, where their order allows it); null for a tensor that
   * is not quantised. A source that never has any leaves this out.
   * @throws ArgumentError if there is no tensor of that name.
   */
  readBlocks?(name: string): StoredBlocks | null;
}

/** A matrix in quantised blocks. */
export interface StoredBlocks {
  /** [rows, bytes of a row] uint8. */
  readonly blocks: Tensor;
  /** `Q4_0`, `Q6_K`, … */
  readonly type: string;
  /** Numbers in a row. */
  readonly columns: number;
  /** Whether the model's matrix has these rows as its columns. */
  readonly isTransposed: boolean;
  /** All numbers are multiplied by it. */
  readonly scale: number;
}
