import { PatchError } from "../errors";
import type { RunValue } from "../graph/native";
import { Tensor } from "../tensor/tensor";
import type { PatchOutcome } from "./outcome";
import { Patch, type SliceOptions } from "./patch";

/**
 * Keeps the value as it stood at the probe's place in the list: a detached copy in `.activation` (made when it is first used, as
 * most are not). With `{ grad: true }` its gradient is in `.grad` after `backward()` on something computed from the run.
 *
 * @example
 * const probe = new ProbePatch();
 * await pg.patch({ "transformer.h_0.mlp": probe }, () => pg.run(inputs));
 * probe.activation
 */
export class ProbePatch extends Patch {
  readonly kind = "probe";
  readonly #grad: boolean;
  /** Of the last run that reached the probe. */
  #outcome: PatchOutcome | null = null;
  #taken: RunValue | null = null;

  constructor(options: SliceOptions & { grad?: boolean } = {}) {
    super(options);
    this.#grad = options.grad ?? false;
  }

  /**
   * The value of the last run that reached the probe.
   * @throws PatchError before there is one, or when the node is a number (see {@link number}).
   */
  get activation(): Tensor {
    const value = this.#value();
    if (value instanceof Tensor) return value;
    throw new PatchError(
      value === null
        ? "this ProbePatch has seen no value yet: run the graph inside pg.patch({ … : probe }, …) first"
        : `the node of this ProbePatch is the number ${value}; read probe.number`,
    );
  }

  #value(): RunValue | null {
    this.#taken ??= this.#outcome?.takeActivation() ?? null;
    return this.#taken;
  }

  /** The value of the last run where the node is a number (a size); null otherwise. */
  get number(): number | boolean | null {
    const value = this.#value();
    return value instanceof Tensor ? null : value;
  }

  override get keepGradient(): boolean {
    return this.#grad;
  }

  override get observes(): boolean {
    return true;
  }

  override get onlyLooks(): boolean {
    return this.slice === null && !this.#grad;
  }

  /** Gradient of the value, or of the part that `slice` names; null before `backward()` or without `{ grad: true }`. */
  get grad(): Tensor | null {
    const grad = (this.#grad ? this.#outcome?.live() : null)?.grad ?? null;
    return grad && this.slice ? grad.at(this.slice) : grad;
  }

  override describe(): string {
    const value = this.#value();
    return value instanceof Tensor
      ? `saw ${value.dtype}[${value.shape.join(", ")}]`
      : `saw ${value ?? "nothing yet"}`;
  }

  override receive(outcome: PatchOutcome): void {
    super.receive(outcome);
    if (!outcome.fired) return;
    this.#outcome?.drop();
    this.#outcome = outcome;
    this.#taken = null;
  }
}

/** Keeps the value of every run, in order: `.activations` has one entry a run. */
export class RecordPatch extends Patch {
  readonly kind = "record";
  readonly activations: RunValue[] = [];

  override get observes(): boolean {
    return true;
  }

  override get onlyLooks(): boolean {
    return this.slice === null;
  }

  override receive(outcome: PatchOutcome): void {
    super.receive(outcome);
    const activation = outcome.takeActivation();
    if (activation !== null) this.activations.push(activation);
  }
}
