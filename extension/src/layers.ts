/** The block that a node stands in, by the first number in its path: 3 of `model.layers_3.mlp.mul_2`; null outside of blocks. */
export function layerOf(node: string): number | null {
  const number = /^(?:[^.|]*\.)*?[^.|]*_(\d+)[.|]/.exec(node)?.[1];
  return number === undefined ? null : Number(number);
}
