import { checkCount } from "../checks";

/** What a scheduler sets: the learning rate of an optimiser. */
export interface Scheduled {
  readonly options: { lr: number };
}

/**
 * Changes an optimiser's learning rate from step to step, beginning with what it has then. Call `step()` after each `optimizer.step()`, or
 * after each epoch. Several on one optimiser do not add up: the last one to step decides.
 */
export abstract class LRScheduler {
  readonly #base: number;
  #steps = 0;

  constructor(private readonly optimizer: Scheduled) {
    this.#base = optimizer.options.lr;
  }

  /** The learning rate that the optimiser takes now. */
  get lr(): number {
    return this.optimizer.options.lr;
  }

  step(): void {
    this.#steps += 1;
    this.optimizer.options.lr = this.rate(this.#base, this.#steps);
  }

  /** The learning rate after `steps` steps, from the first one. */
  protected abstract rate(base: number, steps: number): number;
}

/** The first learning rate times what a function gives for the number of steps, as `torch.optim.lr_scheduler.LambdaLR`. */
export class LambdaLR extends LRScheduler {
  constructor(
    optimizer: Scheduled,
    private readonly factor: (steps: number) => number,
  ) {
    super(optimizer);
    // PyTorch's has its factor from the beginning.
    optimizer.options.lr *= factor(0);
  }

  protected rate(base: number, steps: number): number {
    return base * this.factor(steps);
  }
}

/** Multiplied by `gamma` (0.1 unless given) every `step_size` steps, as `torch.optim.lr_scheduler.StepLR`. */
export class StepLR extends LRScheduler {
  readonly #size: number;
  readonly #gamma: number;

  /** @throws ArgumentError for a `step_size` that is no positive integer */
  constructor(optimizer: Scheduled, { step_size, gamma = 0.1 }: { step_size: number; gamma?: number }) {
    super(optimizer);
    checkCount("StepLR: step_size", step_size);
    this.#size = step_size;
    this.#gamma = gamma;
  }

  protected rate(base: number, steps: number): number {
    return base * this.#gamma ** Math.floor(steps / this.#size);
  }
}

/**
 * Half a cosine from the first learning rate down to `eta_min` (0 unless given) after `T_max` steps, and up again, as
 * `torch.optim.lr_scheduler.CosineAnnealingLR` (Loshchilov & Hutter 2017, equation 5).
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly #half: number;
  readonly #least: number;

  /** @throws ArgumentError for a `T_max` that is no positive integer */
  constructor(optimizer: Scheduled, { T_max, eta_min = 0 }: { T_max: number; eta_min?: number }) {
    super(optimizer);
    checkCount("CosineAnnealingLR: T_max", T_max);
    this.#half = T_max;
    this.#least = eta_min;
  }

  protected rate(base: number, steps: number): number {
    return this.#least + ((base - this.#least) * (1 + Math.cos((Math.PI * steps) / this.#half))) / 2;
  }
}
