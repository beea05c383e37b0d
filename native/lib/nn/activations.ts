import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { Module } from "./module";

/** `torch.nn.GELU`. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";

  constructor(options: { approximate?: "none" | "tanh" } = {}) {
    super();
    this.approximate = options.approximate ?? "none";
  }

  forward(input: Tensor): Tensor {
    return torch.gelu(input, { approximate: this.approximate });
  }
}

export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return torch.silu(input);
  }
}

export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return torch.relu(input);
  }
}

export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return torch.tanh(input);
  }
}

export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return torch.sigmoid(input);
  }
}
