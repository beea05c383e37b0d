import { ArgumentError } from "../../errors";
import * as nn from "../../nn";
import { Module } from "../../nn/module";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import type { ConfigReader } from "../configReader";

/**
 * GELU's tanh form as OpenAI wrote it, in transformers' order of evaluation (`NewGELUActivation`):
 * `0.5 * input * (1.0 + tanh(sqrt(2 / pi) * (input + 0.044715 * pow(input, 3.0))))`.
 * Its result is the node `mul_3`.
 */
export class NewGELUActivation extends Module {
  forward(input: Tensor): Tensor {
    const half = input.mul(0.5);
    const cubic = input.pow(3.0).mul(0.044715);
    const inner = input.add(cubic).mul(Math.sqrt(2.0 / Math.PI));
    return half.mul(torch.tanh(inner).add(1.0));
  }
}

/** GPT-NeoX-20B's: `0.5 * input * (1.0 + tanh(input * 0.7978845608 * (1.0 + 0.044715 * input * input)))`. */
export class FastGELUActivation extends Module {
  forward(input: Tensor): Tensor {
    const half = input.mul(0.5);
    const square = input.mul(0.044715).mul(input);
    const inner = input.mul(0.7978845608).mul(square.add(1.0));
    return half.mul(torch.tanh(inner).add(1.0));
  }
}

/** `input * sigmoid(1.702 * input)`. */
export class QuickGELUActivation extends Module {
  forward(input: Tensor): Tensor {
    return input.mul(torch.sigmoid(input.mul(1.702)));
  }
}

/** An activation module: one tensor in, one of the same shape out. */
export type Activation = Module & { forward(input: Tensor): Tensor };

/** transformers' `ACT2FN`, as far as the architectures here use it. */
const ACTIVATIONS: ReadonlyMap<string, () => Activation> = new Map<string, () => Activation>([
  ["gelu", () => new nn.GELU()],
  ["gelu_fast", () => new FastGELUActivation()],
  ["gelu_new", () => new NewGELUActivation()],
  ["gelu_pytorch_tanh", () => new nn.GELU({ approximate: "tanh" })],
  ["quick_gelu", () => new QuickGELUActivation()],
  ["relu", () => new nn.ReLU()],
  ["silu", () => new nn.SiLU()],
  ["swish", () => new nn.SiLU()],
  ["tanh", () => new nn.Tanh()],
]);

/**
 * Reads the name of an activation.
 * @throws UnknownArchitectureError listing the known names.
 */
export function readActivation(reader: ConfigReader, key: string, fallback: string): string {
  const name = reader.text(key, fallback);
  if (ACTIVATIONS.has(name)) return name;
  return reader.unsupported(key, `an unknown activation; known are ${[...ACTIVATIONS.keys()].join(", ")}`);
}

/** The module of an activation that {@link readActivation} accepted. */
export function activation(name: string): Activation {
  const make = ACTIVATIONS.get(name);
  if (!make)
    throw new ArgumentError(`unknown activation "${name}"; known are ${[...ACTIVATIONS.keys()].join(", ")}`);
  return make();
}
