import { PatchError } from "../errors";
import type { RunValue } from "../graph/native";
import type { Tensor } from "../tensor/tensor";
import { isRunValue, Patch, type SliceOptions } from "./patch";

/** Options of a patch with a value; it broadcasts to the node's value, or to the part that `slice` takes of it. */
export interface ValueOptions extends SliceOptions {
  value: Tensor | number | boolean;
}

abstract class ValuePatch extends Patch {
  /** Read at each run, so it may be changed between runs. */
  value: RunValue;

  constructor(options: ValueOptions) {
    super(options);
    if (!isRunValue(options?.value)) {
      throw new PatchError(`${new.target.name} needs { value: … }, a tensor or a number`);
    }
    this.value = options.value;
  }

  override get operand(): RunValue {
    return this.value;
  }
}

/** Adds `value`. Gradients flow to it. */
export class AddPatch extends ValuePatch {
  readonly kind = "add";
}

/** Puts `value` in the place of the node's value. Gradients flow to it. */
export class ReplacePatch extends ValuePatch {
  readonly kind = "replace";
}

/** Sets the value to zero. */
export class ZeroPatch extends Patch {
  readonly kind = "zero";
}
