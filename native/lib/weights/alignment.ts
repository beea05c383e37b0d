import { binding } from "../binding";
import type { Tensor } from "../tensor/tensor";

/**
 * PyTorch's memory begins at multiples of this. Kernels choose their way by the addresses of their operands, and with it
 * the order in which they add: a matrix product with a vector has other last bits when the matrix lies 8 bytes further
 * on. Places that agree modulo this number count as the same.
 */
export const ALIGNMENT = 64;

/** Where a tensor's first element lies, modulo {@link ALIGNMENT}; 0 for one without memory. */
export function alignmentOf(tensor: Tensor): number {
  return Math.max(0, binding.dataAddress(tensor)) % ALIGNMENT;
}
