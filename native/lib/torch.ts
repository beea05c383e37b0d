import { binding, type TensorData } from "./binding";
import { cuda } from "./cuda";
import { defaultDevice } from "./dispatch/defaultDevice";
import { isGradEnabled, withGradMode } from "./dispatch/gradMode";
import { library } from "./dispatch/library";
import { ArgumentError } from "./errors";
import { FACTORIES } from "./generated/names";
import type { TorchOps } from "./generated/torchOps";
import { installFactories, installFunctions } from "./ops/install";
import { operatorNamespaces } from "./ops/namespaces";
import { type CreateOptions, createTensor, type NestedArray } from "./tensor/create";
import { DTYPES, type DType } from "./tensor/dtype";
import { type FInfo, finfo } from "./tensor/finfo";
import { Tensor } from "./tensor/tensor";
import { tidy } from "./tensor/tidy";

/** What `torch` has besides the operators. */
const own = {
  /**
   * A new tensor with the given values: `torch.tensor([[1, 2], [3, 4]])`, `torch.tensor(new Float32Array(8))`.
   * Whole numbers make int64 and others float32, unless `dtype` says otherwise.
   * @throws ShapeError with the position, when nested arrays are ragged; ArgumentError for what an integer dtype does not hold
   */
  tensor(values: NestedArray | TensorData, options: CreateOptions = {}): Tensor {
    return createTensor(values, { device: defaultDevice() ?? undefined, ...options });
  },

  /** Runs `body`, and whatever it awaits, without recording for backward(). Other code running meanwhile is not affected. */
  noGrad<T>(body: () => T): T {
    return withGradMode(false, body);
  },

  /** Turns recording on again within a `noGrad` body. */
  enableGrad<T>(body: () => T): T {
    return withGradMode(true, body);
  },

  isGradEnabled,

  /** Frees the tensors that `body` makes, except those that it returns. */
  tidy,

  /** Seeds the random numbers of randn, rand, dropout, …: the same numbers as PyTorch's for the same seed. */
  manual_seed(seed: number): void {
    if (!Number.isSafeInteger(seed)) throw new ArgumentError(`manual_seed: ${seed} is not an integer`);
    binding.manualSeed(seed);
  },

  /** How many tensors are alive, and the bytes of the memory they share, each piece counted once. */
  memory(): { tensors: number; bytes: number } {
    return binding.memory();
  },

  /** Threads that one operator may use, for single operators and for runs. */
  setNumThreads(count: number): void {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new ArgumentError(`setNumThreads: ${count} must be a whole number of at least 1`);
    }
    binding.setNumThreads(count);
  },

  getNumThreads(): number {
    return binding.getNumThreads();
  },

  /** Largest, smallest and finest numbers of a floating dtype. */
  finfo(dtype: DType): FInfo {
    return finfo(dtype);
  },

  /** Whether `value` is a tensor, disposed or not. */
  isTensor(value: unknown): value is Tensor {
    return value instanceof Tensor;
  },

  cuda,

  /** Every registered operator by namespace: `torch.ops.aten._softmax(x, -1, false)`. */
  ops: operatorNamespaces(),

  library,
};

/** PyTorch's short names of some dtypes. */
const SHORT_DTYPES = {
  float: "float32",
  double: "float64",
  half: "float16",
  long: "int64",
  int: "int32",
  short: "int16",
} as const satisfies Record<string, DType>;

/** PyTorch's names of dtypes: `torch.float32` is `"float32"`. */
type DTypeConstants = { readonly [name in DType]: name } & typeof SHORT_DTYPES;

const dtypes = {
  ...Object.fromEntries(DTYPES.map((name) => [name, name])),
  ...SHORT_DTYPES,
} as DTypeConstants;

export type Torch = typeof own & DTypeConstants & TorchOps;

function makeTorch(): Torch {
  const torch = { ...own, ...dtypes };
  installFactories(torch, FACTORIES);
  installFunctions(torch);
  return torch as Torch;
}

/** PyTorch's functions: every operator by its name, factories, and the modes. */
export const torch: Torch = makeTorch();
