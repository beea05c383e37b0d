import type { CatalogNode } from "@graphpatch/kernel/protocol";

const BYTES: Readonly<Record<string, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  complex64: 8,
  complex128: 16,
  int8: 1,
  uint8: 1,
  bool: 1,
  int16: 2,
  int32: 4,
  int64: 8,
};

/** `1.5 kB`, in steps of 1,000. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let at = 0;
  let size = bytes;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${at === 0 ? size : size.toPrecision(3)} ${units[at]}`;
}

/** Number of values in a tensor of this shape. */
export function countValues(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `19,968 values, 79.9 kB`; null for what is no tensor. */
export function describeSize(node: Pick<CatalogNode, "shape" | "dtype">): string | null {
  if (!node.shape) return null;
  const values = countValues(node.shape);
  const width = node.dtype ? BYTES[node.dtype] : undefined;
  const count = `${values.toLocaleString("en")} ${values === 1 ? "value" : "values"}`;
  return width === undefined ? count : `${count}, ${formatBytes(values * width)}`;
}
