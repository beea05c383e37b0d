import { PatchError } from "../errors";
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
  #activation: RunValue | null = null;
  readonly #grad: boolean;
  #live: Tensor | null = null;

  constructor(options: SliceOptions & { grad?: boolean } = {}) {
    super(options);
    this.#grad = options.grad ?? false;
  }

  /**
   * The value of the last run that reached the probe.
   * @throws PatchError before there is one, or when the node is a number (see {@link number}).
   */
  get activation(): Tensor {
    if (this.#activation instanceof Tensor) return this.#activation;
    throw new PatchError(
      this.#activation === null
        ? "this ProbePatch has seen no value yet: run the graph inside pg.patch({ … : probe }, …) first"
        : `the node of this ProbePatch is the number ${this.#activation}; read probe.number`,
    );
  }

  /** The value of the last run where the node is a number (a size); null otherwise. */
  get number(): number | boolean | null {
    return this.#activation instanceof Tensor ? null : this.#activation;
  }

  override get keepGradient(): boolean {
    return this.#grad;
  }

  /** Gradient of the whole value; null before `backward()` or without `{ grad: true }`. */
  get grad(): Tensor | null {
    return this.#live?.grad ?? null;
  }

  override describe(): string {
    const value = this.#activation;
    return value instanceof Tensor
      ? `saw ${value.dtype}[${value.shape.join(", ")}]`
      : `saw ${value ?? "nothing yet"}`;
  }

  override receive(outcome: NativePatchOutcome): void {
    super.receive(outcome);
    this.#activation = outcome.activation;
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
