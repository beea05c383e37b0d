import { Parametrization } from "../nn/parametrization";
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

  /** @param dtype what the weight is computed in */
  constructor(
    readonly stored: StoredBlocks,
    readonly dtype: DType,
  ) {
    super();
    this.registerBuffer("blocks", stored.blocks);
    const shape = [stored.blocks.shape[0], stored.columns];
    this.parameterShape = stored.isTransposed ? shape.reverse() : shape;
  }

  override forward(): Tensor {
    const matrix = dequantise(this.blocks, this.stored.type, this.dtype);
    return this.stored.isTransposed ? matrix.t() : matrix;
  }

  override rows(index: Tensor): Tensor {
    if (this.stored.isTransposed) return super.rows(index);
    return dequantise(torch.embedding(this.blocks, index), this.stored.type, this.dtype);
  }
}
