import { callOperator } from "../dispatch/dispatch";
import { Parametrization } from "../nn/parametrization";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { onDevice } from "./devices";

/**
 * A weight that stays in its file, mapped, in the file's own dtype. Each use converts it and brings it to where the module
 * computes; afterwards it is given up again.
 */
export class MappedWeight extends Parametrization {
  /** A view of the mapped file. */
  declare readonly stored: Tensor;
  readonly parameterShape: readonly number[];

  constructor(
    stored: Tensor,
    private readonly dtype: DType,
    private readonly device: string,
  ) {
    super();
    this.registerBuffer("stored", stored);
    this.parameterShape = stored.shape;
  }

  override forward(): Tensor {
    return this.#fetched(this.stored);
  }

  override rows(index: Tensor): Tensor {
    return this.#fetched(torch.embedding(this.stored, onDevice(index, "cpu")));
  }

  #fetched(tensor: Tensor): Tensor {
    return callOperator("aten::_to_copy", [tensor], { dtype: this.dtype, device: this.device }) as Tensor;
  }
}
