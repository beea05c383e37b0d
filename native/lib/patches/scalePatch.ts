import { PatchError } from "../errors";
import type { RunValue } from "../graph/native";
import type { Tensor } from "../tensor/tensor";
import { isRunValue, Patch, type SliceOptions } from "./patch";

/**
 * Multiplies by `factor`, which broadcasts to the node's value, or to the part that `slice` takes of it. Gradients flow to it.
 *
 * @example
 * new ScalePatch({ factor: 0.5, slice: ":, :, 0:64" })
 */
export class ScalePatch extends Patch {
  readonly kind = "scale";
  /** Read at each run, so it may be changed between runs. */
  factor: RunValue;

  /** @throws PatchError without a factor. */
  constructor(options: SliceOptions & { factor: Tensor | number | boolean }) {
    super(options);
    if (!isRunValue(options?.factor)) {
      throw new PatchError("ScalePatch needs { factor: … }, a tensor or a number");
    }
    this.factor = options.factor;
  }

  override get operand(): RunValue {
    return this.factor;
  }
}
