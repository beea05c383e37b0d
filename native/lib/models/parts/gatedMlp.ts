import * as nn from "../../nn";
import { Module } from "../../nn/module";
import type { Tensor } from "../../tensor/tensor";
import { type Activation, activation } from "./activations";

/** `down_proj(act_fn(gate_proj(x)) * up_proj(x))`: the feed-forward part of Llama and its relatives (Shazeer 2020). */
export class GatedMLP extends Module {
  readonly gate_proj: nn.Linear;
  readonly up_proj: nn.Linear;
  readonly down_proj: nn.Linear;
  readonly act_fn: Activation;

  /** @param act a name that {@link activation} knows */
  constructor(
    hidden_size: number,
    intermediate_size: number,
    act: string,
    options: nn.LayerOptions & { bias?: boolean },
  ) {
    super();
    const linear = { bias: false, ...options };
    this.gate_proj = new nn.Linear(hidden_size, intermediate_size, linear);
    this.up_proj = new nn.Linear(hidden_size, intermediate_size, linear);
    this.down_proj = new nn.Linear(intermediate_size, hidden_size, linear);
    this.act_fn = activation(act);
  }

  forward(x: Tensor): Tensor {
    const gate = this.act_fn.call(this.gate_proj.call(x));
    return this.down_proj.call(gate.mul(this.up_proj.call(x)));
  }
}
