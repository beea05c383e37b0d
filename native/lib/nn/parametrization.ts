import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { Module } from "./module";

/**
 * Computes a parameter each time that it is used, as PyTorch's `torch.nn.utils.parametrize`: from a smaller form, from
 * another dtype or place. Being a module, it is one in a captured graph, too: its output is the node `<layer>.weight`, and
 * what it does is below it.
 */
export abstract class Parametrization extends Module {
  /** Sizes of the parameter. */
  abstract readonly parameterShape: readonly number[];

  /** The whole parameter. */
  abstract override forward(): Tensor;

  /**
   * The result of `body` on the parameter, which is freed at once and not when its handles are collected: a model is
   * captured, or called, with one such parameter in memory at a time.
   */
  use(body: (parameter: Tensor) => Tensor): Tensor {
    return torch.tidy(() => body((this as Parametrization).call()));
  }

  /**
   * Rows of the parameter, for an embedding: those alone, where the form allows it.
   * @param index [...] int64
   * @returns [..., sizes of a row]
   */
  rows(index: Tensor): Tensor {
    return this.use((parameter) => torch.embedding(parameter, index));
  }
}
