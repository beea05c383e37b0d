import type { Tensor } from "../tensor/tensor";
import type { Size } from "./size";

/** Stands between the tensors and the operators: what records a model while it runs. */
export interface OperatorInterceptor {
  /** An operator is called; returns what the call shall give. */
  call(name: string, args: unknown[], kwargs?: Record<string, unknown>): unknown;
  /** `tensor.size(dim)`. */
  size(tensor: Tensor, dim: number): Size;
  /** `tensor.shape`. */
  shape(tensor: Tensor): number[];
  /** Values are about to be read into JavaScript by `how` ("item()"). Throw to forbid it. */
  onValueRead(tensor: Tensor, how: string): void;
}

let current: OperatorInterceptor | null = null;

/** Installs an interceptor, or none; returns the one that was there. */
export function setInterceptor(interceptor: OperatorInterceptor | null): OperatorInterceptor | null {
  const previous = current;
  current = interceptor;
  return previous;
}

/** The interceptor that is installed. */
export function getInterceptor(): OperatorInterceptor | null {
  return current;
}
