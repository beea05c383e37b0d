import { Parametrization } from "../nn/parametrization";
import { onDevice } from "../placement/devices";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { dequantise } from "../weights/gguf/dequantise";
import type { StoredBlocks } from "../weights/weightSource";

/** A matrix in the quantised blocks of a GGUF file, which stay as they are; each use dequantises them. */
export class GgufWeight extends Parametrization {
  /** [rows, bytes of a row] uint8. */
  declare readonly blocks: Tensor;

  readonly parameterShape: readonly number[];

  /**
   * @param dtype what the weight is computed in
   * @param device where it is used; blocks stay in the CPU's memory and are dequantised there
   */
  constructor(
    readonly stored: StoredBlocks,
    readonly dtype: DType,
    readonly device = "cpu",
  ) {
    super();
    this.registerBuffer("blocks", stored.blocks);
    const shape = [stored.blocks.shape[0], stored.columns];
    this.parameterShape = stored.isTransposed ? shape.reverse() : shape;
  }

  override forward(): Tensor {
    const matrix = onDevice(this.#numbers(this.blocks), this.device);
    return this.stored.isTransposed ? matrix.t() : matrix;
  }

  override rows(index: Tensor): Tensor {
    if (this.stored.isTransposed) return super.rows(index);
    const blocks = torch.embedding(this.blocks, onDevice(index, "cpu"));
    return onDevice(this.#numbers(blocks), this.device);
  }

  #numbers(blocks: Tensor): Tensor {
    const { type, scale } = this.stored;
    if (scale === 1) return dequantise(blocks, type, this.dtype);
    const scaled = dequantise(blocks, type, "float32").mul(scale);
    return this.dtype === "float32" ? scaled : scaled.to(this.dtype);
  }
}
