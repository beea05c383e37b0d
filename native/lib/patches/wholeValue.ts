import type { Tensor } from "../tensor/tensor";
import { ReplacePatch } from "./valuePatches";

/**
 * Puts `value` in the place of the node's value as it is: what made the node is not run, and its shape is the value's own, whatever the
 * graph was captured with. For callers that know the shape to be right, as sweeps do.
 */
export class WholeValue extends ReplacePatch {
  readonly whole: Tensor;

  constructor(value: Tensor) {
    super({ value });
    this.whole = value;
  }
}
