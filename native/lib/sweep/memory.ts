import type { Survey } from "./survey";

/** Rows through the whole model from which on weights are laid out for oneDNN: that takes as long as it saves for a quarter of so many. */
const WORTH_LAYING_OUT = 3000;

/** How the bytes that a sweep may take are divided. */
export interface MemoryShares {
  /** Of freed tensors that are kept for the next ones. */
  unused: number;
  /** Of weights that are laid out once. */
  kept: number;
  /** Of those for which there is no room: laid out for a few steps at a time. */
  passing: number;
  /** Of the cells of a chunk. */
  cells: number;
}

/** `multiplies`: whether waves multiply by oneDNN with weights that nobody has laid out yet. */
export function shareMemory({ native }: Survey, memory: number, multiplies: boolean): MemoryShares {
  const unused = Math.floor(memory / 8);
  const left = memory - native.baseBytes - unused;
  // Two operations a row for each of 4 bytes.
  const rows = (2 * native.work.reduce((sum, own) => sum + own, 0)) / native.weightBytes;
  const isWorthIt = multiplies && native.hasOneDnn && rows >= WORTH_LAYING_OUT;
  const weights = isWorthIt ? Math.max(0, Math.floor(Math.min(native.weightBytes, left / 2))) : 0;
  const passing = weights < native.weightBytes ? Math.floor(weights / 3) : 0;
  return { unused, kept: weights - passing, passing, cells: left - weights };
}
