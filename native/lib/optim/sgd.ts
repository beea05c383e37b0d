import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import { Optimizer } from "./optimizer";

export interface SGDOptions {
  /** Learning rate; default 1e-3. */
  lr?: number;
  momentum?: number;
  dampening?: number;
  weight_decay?: number;
  nesterov?: boolean;
  maximize?: boolean;
}

interface SGDState {
  momentum: Tensor | null;
}

/** Stochastic gradient descent with the formulae of `torch.optim.SGD`. */
export class SGD extends Optimizer<SGDState> {
  readonly options: Required<SGDOptions>;

  /** @throws ArgumentError for numbers out of range */
  constructor(params: Iterable<Tensor>, options: SGDOptions = {}) {
    super(params);
    this.options = {
      lr: 1e-3,
      momentum: 0,
      dampening: 0,
      weight_decay: 0,
      nesterov: false,
      maximize: false,
      ...options,
    };
    const { lr, momentum, dampening, weight_decay, nesterov } = this.options;
    for (const [name, value] of Object.entries({ lr, momentum, weight_decay })) {
      if (!(value >= 0)) throw new ArgumentError(`SGD: ${name} must not be negative, it is ${value}`);
    }
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ArgumentError("SGD: nesterov needs momentum and no dampening");
    }
  }

  protected newState(): SGDState {
    return { momentum: null };
  }

  protected update(param: Tensor, grad: Tensor, state: SGDState): void {
    const { lr, momentum, dampening, weight_decay, nesterov, maximize } = this.options;
    let direction = maximize ? grad.neg() : grad;
    if (weight_decay !== 0) direction = direction.add(param, { alpha: weight_decay });
    if (momentum !== 0) {
      if (state.momentum === null) state.momentum = direction.clone();
      else state.momentum.mul_(momentum).add_(direction, { alpha: 1 - dampening });
      direction = nesterov ? direction.add(state.momentum, { alpha: momentum }) : state.momentum;
    }
    param.add_(direction, { alpha: -lr });
  }
}
