import { PatchError } from "../errors";
import type { RunValue } from "../graph/native";
import { Tensor } from "../tensor/tensor";
import { isRunValue, Patch } from "./patch";

/**
 * What a custom patch does: takes the value and returns the new one, a tensor or a number, or a promise of it; returning
 * nothing means that the value was changed in place.
 */
export type CustomOperation = (value: Tensor) => unknown;

/**
 * Applies any function of the value. It may be asynchronous, and may itself run graphs (without the patches in force).
 * Gradients flow through the operators it calls.
 *
 * @example
 * new CustomPatch({ op: (value) => value.clamp(-1, 1) })
 */
export class CustomPatch extends Patch {
  readonly kind = "custom";
  readonly op: CustomOperation;
  /** Gives `op` a copy, so that it may write into it. False saves the copy; `op` must not write then. */
  readonly requiresClone: boolean;

  constructor(options: { op: CustomOperation; requiresClone?: boolean }) {
    super();
    if (typeof options?.op !== "function") throw new PatchError("CustomPatch needs { op: (value) => … }");
    this.op = options.op;
    this.requiresClone = options.requiresClone ?? true;
  }

  /** Calls `op` on the value of `node`. */
  async apply(value: RunValue, node: string): Promise<RunValue> {
    if (!(value instanceof Tensor))
      throw new PatchError(`CustomPatch at ${node}: the node is a number, not a tensor`);
    const given = this.requiresClone ? value.clone() : value;
    const result = await this.op(given);
    if (result === undefined) return given;
    if (!isRunValue(result)) {
      throw new PatchError(
        `CustomPatch at ${node}: op returned ${typeof result}; it must return a tensor, or nothing`,
      );
    }
    return result;
  }
}
