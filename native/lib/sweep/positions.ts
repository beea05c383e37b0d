import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import type { Metric } from "./metrics";

/** The positions that a metric reads, as indices from 0; null for all. @throws ArgumentError when one is out of range. */
export function readPositions({ positions, label }: Metric, outputs: readonly Tensor[]): number[] | null {
  if (!positions) return null;
  const lengths = new Set(outputs.map(({ shape }) => (shape.length < 2 ? null : shape[1])));
  const [length] = lengths;
  if (lengths.size !== 1 || length === null || length === undefined) {
    throw new ArgumentError(`${label}: positions are dimension 1 of the outputs, which do not all have it`);
  }
  return positions.map((position) => {
    const index = position < 0 ? position + length : position;
    if (Number.isInteger(index) && index >= 0 && index < length) return index;
    throw new ArgumentError(`${label}: position ${position} is out of range: there are ${length}`);
  });
}
