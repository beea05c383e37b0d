import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { Optimizer } from "./optimizer";

export interface AdamOptions {
  /** Learning rate; default 1e-3. */
  lr?: number;
  /** Decay of the averages of the gradient and of its square; default 0.9 and 0.999. */
  betas?: readonly [number, number];
  eps?: number;
  weight_decay?: number;
  /** Use the largest average of squares so far. */
  amsgrad?: boolean;
  maximize?: boolean;
}

/** What Adam keeps of one parameter. */
export interface AdamState {
  step: number;
  average: Tensor;
  averageSquare: Tensor;
  largestSquare: Tensor | null;
}

/** Adam (Kingma and Ba, 2015) with the formulae of `torch.optim.Adam`. */
export class Adam extends Optimizer<AdamState> {
  readonly options: Required<AdamOptions>;

  /** @throws ArgumentError for numbers out of range */
  constructor(params: Iterable<Tensor>, options: AdamOptions = {}) {
    super(params);
    this.options = {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weight_decay: 0,
      amsgrad: false,
      maximize: false,
      ...options,
    };
    const { lr, betas, eps, weight_decay } = this.options;
    for (const [name, value] of Object.entries({ lr, eps, weight_decay })) {
      if (!(value >= 0)) throw new ArgumentError(`Adam: ${name} must not be negative, it is ${value}`);
    }
    for (const beta of betas) {
      if (!(beta >= 0 && beta < 1)) throw new ArgumentError(`Adam: betas must be in [0, 1), one is ${beta}`);
    }
  }

  protected newState(param: Tensor): AdamState {
    return {
      step: 0,
      average: torch.zeros_like(param),
      averageSquare: torch.zeros_like(param),
      largestSquare: this.options.amsgrad ? torch.zeros_like(param) : null,
    };
  }

  protected update(param: Tensor, grad: Tensor, state: AdamState): void {
    const { lr, betas, eps, maximize } = this.options;
    const [beta1, beta2] = betas;
    const direction = this.decayed(maximize ? grad.neg() : grad, param);
    state.step += 1;
    state.average.lerp_(direction, 1 - beta1);
    state.averageSquare.mul_(beta2).addcmul_(direction, direction, { value: 1 - beta2 });
    const correction1 = 1 - beta1 ** state.step;
    const correction2 = Math.sqrt(1 - beta2 ** state.step);
    let square = state.averageSquare;
    if (state.largestSquare !== null)
      square = state.largestSquare.copy_(torch.maximum(state.largestSquare, square));
    const denominator = square.sqrt().div_(correction2).add_(eps);
    param.addcdiv_(state.average, denominator, { value: -lr / correction1 });
  }

  /** The direction with weight decay as a part of the gradient. */
  protected decayed(direction: Tensor, param: Tensor): Tensor {
    const { weight_decay } = this.options;
    return weight_decay === 0 ? direction : direction.add(param, { alpha: weight_decay });
  }
}
