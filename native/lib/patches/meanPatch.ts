import { PatchError } from "../errors";
import type { NativePatch, RunValue } from "../graph/native";
import type { Tensor } from "../tensor/tensor";
import { isRunValue, Patch, type SliceOptions } from "./patch";

/** What a mean is taken over: `"batch"` is dimension 0, `"positions"` dimension 1 of [batch, position, …]; else dimensions by number. */
export type MeanOver = "batch" | "positions" | number | readonly number[];

/** The mean of the value itself, or a given one. */
export type MeanOptions = SliceOptions & ({ over: MeanOver } | { value: Tensor | number });

const DIMENSIONS = { batch: [0], positions: [1] } as const;

/**
 * Mean ablation. With `over` every element becomes the mean of the whole value over these dimensions, in this run; with `value` it
 * becomes a mean computed before (over a data set), which broadcasts. With `slice` only that part of the value changes.
 * Gradients flow through the mean, or to `value`.
 *
 * @example
 * new MeanPatch({ over: "positions" })
 * new MeanPatch({ value: meanActivation, slice: ":, -1" })
 */
export class MeanPatch extends Patch {
  readonly kind = "mean";
  readonly over: readonly number[] | null;
  /** The given mean, read at each run; null with `over`. */
  value: RunValue | null = null;

  /** @throws PatchError unless one of `over` and `value` is given. */
  constructor(options: MeanOptions) {
    super(options);
    const { over = null, value = null } = { ...options } as { over?: MeanOver; value?: RunValue };
    if ((over === null) === (value === null)) {
      throw new PatchError(
        'MeanPatch needs { over: "batch" }, { over: "positions" }, { over: [dimensions] } or a given mean, { value }',
      );
    }
    if (value !== null && !isRunValue(value)) {
      throw new PatchError("MeanPatch: value must be a tensor or a number");
    }
    this.over = over === null ? null : readDimensions(over);
    this.value = value;
  }

  override get operand(): RunValue | null {
    return this.value;
  }

  override toNative(node: string, target: number): NativePatch {
    return { ...super.toNative(node, target), dims: this.over ?? [] };
  }
}

function readDimensions(over: MeanOver): readonly number[] {
  const dimensions = typeof over === "string" ? DIMENSIONS[over] : typeof over === "number" ? [over] : over;
  const isList = Array.isArray(dimensions) && dimensions.length > 0;
  if (isList && dimensions.every((dim) => Number.isSafeInteger(dim))) return dimensions;
  throw new PatchError(
    `MeanPatch: over must be "batch", "positions", a dimension or a list of dimensions; found ${JSON.stringify(over)}`,
  );
}
