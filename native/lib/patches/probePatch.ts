import type { NativePatchOutcome, RunValue } from "../graph/native";
import { Tensor } from "../tensor/tensor";
import { Patch, type SliceOptions } from "./patch";

/**
 * Keeps the value as it stood at the probe's place in the list: a detached copy in `.activation`.
 * With `{ grad: true }` its gradient is in `.grad` after `backward()` on something computed from the run.
 *
 * @example
 * const probe = new ProbePatch();
 * await pg.patch({ "transformer.h_0.mlp": probe }, () => pg.run(inputs));
 * probe.activation
 */
export class ProbePatch extends Patch {
  readonly kind = "probe";
  /** The value of the last run; null before one. A number where the node is a number. */
  activation: Tensor | null = null;
  /** The value of the last run where the node is a number. */
  number: number | boolean | null = null;
  readonly #grad: boolean;
  #live: Tensor | null = null;

  constructor(options: SliceOptions & { grad?: boolean } = {}) {
    super(options);
    this.#grad = options.grad ?? false;
  }

  override get keepGradient(): boolean {
    return this.#grad;
  }

  /** Gradient of the whole value; null before `backward()` or without `{ grad: true }`. */
  get grad(): Tensor | null {
    return this.#live?.grad ?? null;
  }

  override receive(outcome: NativePatchOutcome): void {
    super.receive(outcome);
    const { activation } = outcome;
    this.activation = activation instanceof Tensor ? activation : null;
    this.number = activation instanceof Tensor ? null : activation;
    this.#live = outcome.live;
  }
}

/** Keeps the value of every run, in order: `.activations` has one entry a run. */
export class RecordPatch extends Patch {
  readonly kind = "record";
  readonly activations: RunValue[] = [];

  override receive(outcome: NativePatchOutcome): void {
    super.receive(outcome);
    if (outcome.activation !== null) this.activations.push(outcome.activation);
  }
}
