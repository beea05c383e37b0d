import type { NativePatch, NativePatchKind, RunValue } from "../graph/native";
import { describeSlice, parseSlice, type Slice, type SliceItem } from "../tensor/slice";
import { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { PatchOutcome } from "./outcome";

/** Options that most patches share. */
export interface SliceOptions {
  /** The part of the value to act on, as in NumPy: `"0, 3:5, -1"`, or a list of numbers, ranges, `null` and index tensors. */
  slice?: Slice;
}

/** Index lists become tensors, which is what the addon takes. */
function nativeItem(item: SliceItem): SliceItem {
  return Array.isArray(item) ? torch.tensor(item) : item;
}

/**
 * Something that is done to, or learned from, the value of one node during a run. Patches on one node are applied in
 * the order they are listed. A patch object belongs to the user: it can be read after the run and used again.
 */
export abstract class Patch {
  abstract readonly kind: NativePatchKind;
  readonly slice: SliceItem[] | null;
  #outcome: PatchOutcome | null = null;

  /** @throws SliceError when the slice cannot be read. */
  constructor(options: SliceOptions = {}) {
    this.slice = options.slice === undefined ? null : parseSlice(options.slice);
  }

  /** Whether the last run that this patch was part of reached it. */
  get fired(): boolean {
    return this.#outcome?.fired ?? false;
  }

  /** Largest absolute change of an element in the last run; null for patches that only look, or when the value was not computed. */
  get maxChange(): number | null {
    return this.#outcome?.maxChange ?? null;
  }

  /** Value of the patch that a run reads; null when it has none. */
  get operand(): RunValue | null {
    return null;
  }

  /** Whether it looks at its node's value, which is then computed even if no output needs it. */
  get observes(): boolean {
    return false;
  }

  /** Whether a run must keep the gradient of the value it sees. */
  get keepGradient(): boolean {
    return false;
  }

  /** Whether all it does is to keep the whole value, which needs no description. */
  get onlyLooks(): boolean {
    return false;
  }

  /** Description for the addon. */
  toNative(node: string, target: number): NativePatch {
    return {
      kind: this.kind,
      target,
      node,
      slice: this.slice?.map(nativeItem) ?? null,
      sliceText: this.slice ? describeSlice(this.slice) : "",
      value: this.operand,
      keepGradient: this.keepGradient,
      shape: null,
      known: null,
    };
  }

  /** Takes what a run reports. */
  receive(outcome: PatchOutcome): void {
    this.#outcome = outcome;
  }

  /** What it did in the last run, in a few words. */
  describe(): string {
    if (!this.fired) return "has not fired";
    return this.maxChange === null ? "fired" : `fired, changed values by up to ${this.maxChange}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this}: ${this.describe()}`;
  }

  /** `AddPatch [0, 3]`, for messages and lists. */
  toString(): string {
    const slice = this.slice ? ` [${describeSlice(this.slice)}]` : "";
    return `${this.constructor.name}${slice}`;
  }
}

/** Whether `value` can be a patch's value. */
export function isRunValue(value: unknown): value is RunValue {
  return value instanceof Tensor || typeof value === "number" || typeof value === "boolean";
}
