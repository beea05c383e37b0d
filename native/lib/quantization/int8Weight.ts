import { callOperator } from "../dispatch/dispatch";
import { ArgumentError } from "../errors";
import { Parametrization } from "../nn/parametrization";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/** Largest magnitude of the integers: symmetric, as in LLM.int8(). */
const LARGEST = 127;
/** What int8 weights, their scales and outliers may take together, of the weight's size in float32. */
export const MOST_OF_FLOAT32 = 0.3;

export interface Int8Settings {
  /** Which dimension counts output features: 0 for `Linear`, 1 for `Conv1D`. */
  readonly outputDim: 0 | 1;
  /** What the weight is computed in. */
  readonly dtype: DType;
  /** Columns with a weight beyond this many root mean squares of the matrix are outliers. */
  readonly outlierThreshold: number;
}

/**
 * A matrix in 8 bits, one scale for each output feature, as LLM.int8() stores it (Dettmers et al. 2022, section 3.1):
 * `int8 = round(127 weight / max|row|)`. Columns of input features with outliers, which would coarsen every row's
 * scale, are kept in the compute dtype (section 3.2): those with a weight beyond a threshold, at most one in a hundred.
 * LLM.int8() finds outlier features in the activations of each call; here the weight is one value for all inputs, so they
 * are found in the weight.
 */
export class Int8Weight extends Parametrization {
  /** [out, in] (of a Conv1D [in, out]) int8; 0 in outlier columns. */
  declare readonly int8: Tensor;
  /** float32: what 1 in `int8` stands for in each row; [out, 1], of a Conv1D [1, out]. */
  declare readonly scale: Tensor;
  /** [k] int64: which input features are outliers; null if none is. */
  declare readonly outlier_columns: Tensor | null;
  /** [out, k], of a Conv1D [k, out], in the compute dtype. */
  declare readonly outliers: Tensor | null;
  readonly parameterShape: readonly number[];
  readonly #settings: Int8Settings;

  /**
   * @param weight a matrix of floating-point numbers; it is not kept
   * @param what its name, for messages
   * @throws ArgumentError for infinite weights, which no scale can hold.
   */
  constructor(weight: Tensor, settings: Int8Settings, what: string) {
    super();
    this.parameterShape = weight.shape;
    this.#settings = settings;
    const parts = torch.tidy(() => torch.noGrad(() => quantise(weight.to("float32"), settings, what)));
    for (const [name, tensor] of Object.entries(parts)) this.registerBuffer(name, tensor);
  }

  override forward(): Tensor {
    const { dtype, outputDim } = this.#settings;
    // int8 times float32 is computed in float32.
    const exact = this.int8.mul(this.scale);
    const weight = dtype === "float32" ? exact : exact.to(dtype);
    if (!this.outlier_columns || !this.outliers) return weight;
    const parts = [weight, 1 - outputDim, this.outlier_columns, this.outliers];
    return callOperator("aten::index_copy", parts) as Tensor;
  }
}

interface Int8Parts {
  int8: Tensor;
  scale: Tensor;
  outlier_columns: Tensor | null;
  outliers: Tensor | null;
}

function quantise(weight: Tensor, settings: Int8Settings, what: string): Int8Parts {
  const { outputDim, dtype } = settings;
  const inputDim = 1 - outputDim;
  const magnitude = weight.abs();
  const columns = outlierColumns(magnitude, settings, what);
  const inliers = columns ? weight.index_fill(inputDim, columns, 0) : weight;
  const scale = inliers.abs().amax([inputDim], true).div(LARGEST);
  // A row of zeros has the scale 0 and no number to divide.
  const int8 = inliers
    .div(scale.masked_fill(scale.eq(0), 1))
    .round()
    .to("int8");
  const outliers = columns && weight.index_select(inputDim, columns).to(dtype);
  return { int8, scale, outlier_columns: columns, outliers };
}

/** The columns with the largest weights, of those beyond the threshold; ascending. */
function outlierColumns(
  magnitude: Tensor,
  { outputDim, dtype, outlierThreshold }: Int8Settings,
  what: string,
): Tensor | null {
  const rows = magnitude.shape[outputDim];
  const columns = magnitude.shape[1 - outputDim];
  const largest = magnitude.amax([outputDim]);
  if (!largest.isfinite().all().item()) {
    throw new ArgumentError(`${what} has infinite numbers or NaN, which 8 bits cannot hold`);
  }
  const columnBytes = rows * (dtype === "float32" ? 4 : 2) + 8;
  const spare = MOST_OF_FLOAT32 * 4 * rows * columns - rows * columns - 4 * rows;
  const most = Math.min(Math.ceil(columns / 100), Math.floor(spare / columnBytes));
  const limit = magnitude.pow(2).mean().sqrt().mul(outlierThreshold);
  const count = Math.min(most, Number(largest.gt(limit).sum().item()));
  return count > 0 ? largest.topk(count)[1].sort()[0] : null;
}
