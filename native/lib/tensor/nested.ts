import type { TensorData } from "../binding";

/** A tensor's values as nested arrays, or the one value of a tensor without dimensions. */
export type NestedValues = number | boolean | bigint | NestedValues[];

function toValue(value: number | bigint, isBool: boolean): number | boolean | bigint {
  if (isBool) return value !== 0;
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
  return value;
}

/** Row-major values nested to `shape`. */
export function nest(data: TensorData, shape: readonly number[], isBool: boolean): NestedValues {
  let next = 0;
  const level = (dim: number): NestedValues => {
    if (dim === shape.length) return toValue(data[next++], isBool);
    return Array.from({ length: shape[dim] }, () => level(dim + 1));
  };
  return level(0);
}
