import { ArgumentError } from "../errors";

/** The dtypes that a model can be loaded in. */
export type ModelDType = "float32" | "float16" | "bfloat16";

/** The fields of `fromPretrained`'s options that say how weights are kept in memory. */
export interface WeightOptions {
  /** What the model computes in; `float32` unless given, whatever the file holds. */
  readonly dtype?: ModelDType;
  /**
   * Keeps the weights of linear layers in 8 bits, as LLM.int8() does: a quarter of their size in float32. Each use
   * computes the weight from them; it is the node `<layer>.weight` of a graph.
   */
  readonly loadIn8bit?: boolean | Int8Options;
  /** Keeps a GGUF file's quantised weights as they are, mapped and not read; each use dequantises them. */
  readonly keepQuantized?: boolean;
}

/** Settings of `loadIn8bit`. */
export interface Int8Options {
  /** Layers that stay in the compute dtype, by path (`model.layers.0`) or by name (`lm_head`); none unless given. */
  readonly skip?: readonly string[];
  /**
   * Columns with a weight beyond this many root mean squares of their matrix stay in the compute dtype, at most one
   * column in a hundred; 6 unless given.
   */
  readonly outlierThreshold?: number;
}

/** How weights are kept in memory: {@link WeightOptions} with everything filled in. */
export interface WeightForm {
  readonly dtype: ModelDType;
  /** Null to keep linear layers in `dtype`. */
  readonly int8: Required<Int8Options> | null;
  readonly keepQuantized: boolean;
}

const DTYPES: readonly ModelDType[] = ["float32", "float16", "bfloat16"];

/** @throws ArgumentError naming an option that is wrong, or two that exclude each other. */
export function weightForm({
  dtype = "float32",
  loadIn8bit = false,
  keepQuantized = false,
}: WeightOptions): WeightForm {
  if (!DTYPES.includes(dtype)) {
    throw new ArgumentError(`dtype must be one of ${DTYPES.join(", ")}; found ${JSON.stringify(dtype)}`);
  }
  if (loadIn8bit && keepQuantized) {
    throw new ArgumentError("loadIn8bit and keepQuantized are two forms of the same weights; choose one");
  }
  const { skip = [], outlierThreshold = 6 } = loadIn8bit === true || !loadIn8bit ? {} : loadIn8bit;
  if (!(outlierThreshold > 0)) {
    throw new ArgumentError(`outlierThreshold must be a positive number; found ${outlierThreshold}`);
  }
  return { dtype, int8: loadIn8bit ? { skip, outlierThreshold } : null, keepQuantized };
}
