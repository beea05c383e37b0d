import { withGradMode } from "../dispatch/gradMode";
import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";

/** What all optimisers share: parameters, their state, `step` and `zeroGrad`. */
export abstract class Optimizer<State extends object> {
  readonly params: readonly Tensor[];
  readonly #state = new Map<Tensor, State>();

  /** @throws ArgumentError for parameters that no gradient can reach */
  constructor(params: Iterable<Tensor>) {
    this.params = [...params];
    if (this.params.length === 0) throw new ArgumentError("optimizer got an empty parameter list");
    const wrong = this.params.findIndex((param) => !param.is_leaf || !param.requires_grad);
    if (wrong >= 0) {
      throw new ArgumentError(
        `parameter ${wrong} cannot be optimised: it must be a leaf with requires_grad, such as torch.zeros(shape, { requires_grad: true })`,
      );
    }
  }

  /** Changes each parameter that has a gradient, in place and without recording. */
  step(): void {
    withGradMode(false, () => {
      for (const param of this.params) {
        const grad = param.grad;
        if (grad === null) continue;
        let state = this.#state.get(param);
        if (state === undefined) {
          state = this.newState(param);
          this.#state.set(param, state);
        }
        this.update(param, grad, state);
      }
    });
  }

  /** Forgets the gradients, so that the next backward() starts from zero. */
  zeroGrad(): void {
    for (const param of this.params) param.grad = null;
  }

  protected abstract newState(param: Tensor): State;

  /** One step of one parameter; `grad` must not be changed. */
  protected abstract update(param: Tensor, grad: Tensor, state: State): void;
}
