import type { DType } from "../../tensor/dtype";

/** One of ggml's tensor types. */
export interface GgmlType {
  readonly name: string;
  /** For plain numbers what they are; null for quantised blocks. */
  readonly dtype: DType | null;
  /** Elements in a block. */
  readonly blockSize: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
}

const type = (name: string, blockSize: number, blockBytes: number, dtype: DType | null = null): GgmlType => ({
  name,
  dtype,
  blockSize,
  blockBytes,
});

/** The types that are read, by their numbers in ggml (`enum ggml_type`). */
export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map([
  [0, type("F32", 1, 4, "float32")],
  [1, type("F16", 1, 2, "float16")],
  [2, type("Q4_0", 32, 2 + 16)],
  [3, type("Q4_1", 32, 2 + 2 + 16)],
  [6, type("Q5_0", 32, 2 + 4 + 16)],
  [7, type("Q5_1", 32, 2 + 2 + 4 + 16)],
  [8, type("Q8_0", 32, 2 + 32)],
  [10, type("Q2_K", 256, 16 + 64 + 2 + 2)],
  [11, type("Q3_K", 256, 32 + 64 + 12 + 2)],
  [12, type("Q4_K", 256, 2 + 2 + 12 + 128)],
  [13, type("Q5_K", 256, 2 + 2 + 12 + 32 + 128)],
  [14, type("Q6_K", 256, 128 + 64 + 16 + 2)],
  [16, type("IQ2_XXS", 256, 2 + 64)],
  [17, type("IQ2_XS", 256, 2 + 64 + 8)],
  [18, type("IQ3_XXS", 256, 2 + 64 + 32)],
  [19, type("IQ1_S", 256, 2 + 32 + 16)],
  [20, type("IQ4_NL", 32, 2 + 16)],
  [21, type("IQ3_S", 256, 2 + 64 + 8 + 32 + 4)],
  [22, type("IQ2_S", 256, 2 + 32 + 32 + 8 + 8)],
  [23, type("IQ4_XS", 256, 2 + 2 + 4 + 128)],
  [29, type("IQ1_M", 256, 32 + 16 + 8)],
  [30, type("BF16", 1, 2, "bfloat16")],
  [34, type("TQ1_0", 256, 48 + 4 + 2)],
  [35, type("TQ2_0", 256, 64 + 2)],
  [39, type("MXFP4", 32, 1 + 16)],
  [40, type("NVFP4", 64, 4 + 32)],
  [41, type("Q1_0", 128, 2 + 16)],
  [42, type("Q2_0", 64, 2 + 16)],
]);
