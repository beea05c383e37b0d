/** Numbers of ggml's tensor types (`enum ggml_type`) that are read, their block sizes and bytes per block. */
export interface GgmlType {
  readonly name: string;
  /** Elements in a block. */
  readonly blockSize: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
}

const type = (name: string, blockSize: number, blockBytes: number): GgmlType => ({
  name,
  blockSize,
  blockBytes,
});

export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map([
  [0, type("F32", 1, 4)],
  [1, type("F16", 1, 2)],
  [2, type("Q4_0", 32, 2 + 16)],
  [3, type("Q4_1", 32, 2 + 2 + 16)],
  [6, type("Q5_0", 32, 2 + 4 + 16)],
  [7, type("Q5_1", 32, 2 + 2 + 4 + 16)],
  [8, type("Q8_0", 32, 2 + 32)],
  [12, type("Q4_K", 256, 2 + 2 + 12 + 128)],
  [13, type("Q5_K", 256, 2 + 2 + 12 + 32 + 128)],
  [14, type("Q6_K", 256, 128 + 64 + 16 + 2)],
  [30, type("BF16", 1, 2)],
]);
