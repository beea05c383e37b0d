import type { Tensor } from "../tensor/tensor";
import { Adam, type AdamOptions, type AdamState } from "./adam";

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019) as `torch.optim.AdamW`: weights shrink by `lr · weight_decay` of themselves in each step. */
export class AdamW extends Adam {
  /** @param options as Adam's; weight_decay is 1e-2 unless given. @throws ArgumentError for numbers out of range */
  constructor(params: Iterable<Tensor>, options: AdamOptions = {}) {
    super(params, { weight_decay: 1e-2, ...options });
  }

  protected override update(param: Tensor, grad: Tensor, state: AdamState): void {
    const { lr, weight_decay } = this.options;
    param.mul_(1 - lr * weight_decay);
    super.update(param, grad, state);
  }

  protected override decayed(direction: Tensor): Tensor {
    return direction;
  }
}
