import { PatchError } from "../errors";
import type { RunValue } from "../graph/native";
import { Tensor } from "../tensor/tensor";
import { isRunValue, Patch } from "./patch";

/**
 * What a custom patch does: takes the value and returns the new one, a tensor or a number, or a promise of it; returning
 * nothing means that the value was changed in place.
 */
export type CustomOperation<T extends RunValue = Tensor> = (value: T) => unknown;

/**
 * Applies any function of the value: a tensor, or a number where the node is one. It may be asynchronous, and may itself run graphs (without the patches in force).
 * Gradients flow through the operators it calls.
 *
 * @example
 * new CustomPatch({ op: (value) => value.clamp(-1, 1) })
 */
export class CustomPatch<T extends RunValue = Tensor> extends Patch {
  readonly kind = "custom";
  readonly op: CustomOperation<T>;
  /** Gives `op` a copy, so that it may write into it. False saves the copy; `op` must not write then. */
  readonly requiresClone: boolean;

  constructor(options: { op: CustomOperation<T>; requiresClone?: boolean }) {
    super();
    if (typeof options?.op !== "function") throw new PatchError("CustomPatch needs { op: (value) => … }");
    this.op = options.op;
    this.requiresClone = options.requiresClone ?? true;
  }

  override get observes(): boolean {
    return true;
  }

  /** Calls `op` on the value of `node`. */
  async apply(value: RunValue, node: string): Promise<RunValue> {
    const given = value instanceof Tensor && this.requiresClone ? value.clone() : value;
    const result = await this.op(given as T);
    if (result === undefined) return given;
    if (isRunValue(result) && result instanceof Tensor === value instanceof Tensor) return result;
    throw new PatchError(
      `CustomPatch at ${node}: op returned ${result instanceof Tensor ? "a tensor" : typeof result}; it must return ${value instanceof Tensor ? "a tensor" : "a number"}, or nothing`,
    );
  }
}
