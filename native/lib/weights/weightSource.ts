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
}
