import { existsSync } from "node:fs";
import { join } from "node:path";
import { withSpinningWorkers } from "./openmp";
import type { DType } from "./tensor/dtype";
import type { Tensor } from "./tensor/tensor";

/** The object that C++ makes for a tensor; {@link Tensor} extends it. */
export interface TensorHandle {
  readonly constructor: unknown;
}

/** Typed arrays that hold a tensor's values. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** One argument of an operator, in the words of PyTorch's schema language. */
export interface SchemaArgument {
  name: string;
  /** `Tensor`, `SymInt[]`, `ScalarType?`, … */
  type: string;
  /** Whether the schema gives a default. */
  optional: boolean;
  kwargOnly: boolean;
  /** The N of `int[N]`, which a single number may stand for; 0 for none. */
  listSize: number;
  /** Whether a result may share its memory (`Tensor(a)`), and whether the operator changes it (`Tensor(a!)`). */
  aliases: boolean;
  writes: boolean;
}

/** One overload of an operator. */
export interface OperatorSchema {
  name: string;
  overload: string;
  /** As PyTorch prints it: `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. */
  text: string;
  arguments: SchemaArgument[];
  returns: string[];
  /** For each result whether it may share an argument's memory. */
  returnsAliases: boolean[];
  /** Made of other operators, which PyTorch calls one by one. */
  isComposite: boolean;
  /** Whether `torch.autocast("cpu")` converts its arguments. */
  castsOnCpu: boolean;
}

/** The overload chosen for a call, and its arguments in schema order, `undefined` where the default stands. */
export interface ResolvedOperator {
  operator: string;
  overload: string;
  args: unknown[];
}

declare const cancelFlag: unique symbol;
/** An opaque object of the addon: tells backward passes to stop. */
export interface CancelFlag {
  readonly [cancelFlag]: true;
}

/** What the addon exports, without the engine's part. */
export interface Binding {
  readonly TensorHandle: new () => TensorHandle;
  setTensorClass(tensorClass: typeof Tensor): void;
  setErrorClasses(classes: Record<string, new (message: string) => Error>): void;

  isTensor(value: unknown): value is Tensor;
  shape(tensor: TensorHandle): number[];
  strides(tensor: TensorHandle): number[];
  isContiguous(tensor: TensorHandle): boolean;
  sizeAt(tensor: TensorHandle, dim: number): number;
  dim(tensor: TensorHandle): number;
  numel(tensor: TensorHandle): number;
  dtype(tensor: TensorHandle): DType;
  device(tensor: TensorHandle): string;
  item(tensor: TensorHandle): number | boolean | bigint;
  data(tensor: TensorHandle): TensorData;
  fromData(data: TensorData, shape: readonly number[], dtype: DType): Tensor;
  /** Where the first element lies in memory; -1 for a sparse tensor. */
  dataAddress(tensor: TensorHandle): number;
  /** Fills `target` with the bytes of a contiguous CPU tensor from byte `begin` on. */
  copyBytes(tensor: TensorHandle, begin: number, target: Uint8Array): void;
  manualSeed(seed: number): void;

  call(
    name: string,
    args: readonly unknown[],
    kwargs: Record<string, unknown> | undefined,
    grad: boolean,
  ): unknown;
  callResolved(operator: string, overload: string, args: readonly unknown[], grad: boolean): unknown;
  resolve(
    name: string,
    args: readonly unknown[],
    kwargs: Record<string, unknown> | undefined,
  ): ResolvedOperator;
  operatorNames(): string[];
  /** The overloads that arguments can choose. */
  schemas(name: string): OperatorSchema[];
  /** Of any overload. @throws UnknownOperatorError */
  schema(operator: string, overload: string): OperatorSchema;

  newCancelFlag(): CancelFlag;
  /** Stops the backward passes that were given the flag. */
  setCancelFlag(flag: CancelFlag): void;
  backward(
    tensor: TensorHandle,
    gradient: TensorHandle | null,
    retainGraph: boolean,
    flag: CancelFlag | null,
  ): Promise<void>;
  grad(tensor: TensorHandle): Tensor | null;
  setGrad(tensor: TensorHandle, gradient: TensorHandle | null): void;
  requiresGrad(tensor: TensorHandle): boolean;
  setRequiresGrad(tensor: TensorHandle, requiresGrad: boolean): void;
  retainGrad(tensor: TensorHandle): void;
  isLeaf(tensor: TensorHandle): boolean;
  version(tensor: TensorHandle): number;
  gradFn(tensor: TensorHandle): string | null;

  memory(): { tensors: number; bytes: number };
  /** Gives memory of disposed tensors that is kept for later ones back to the operating system. */
  freeUnusedBlocks(): void;
  dispose(tensor: TensorHandle): void;
  isDisposed(tensor: TensorHandle): boolean;

  setNumThreads(count: number): void;
  getNumThreads(): number;

  /** Whether this thread stops waiting for an operator that takes long when another thread says {@link leaveCalls}. */
  setLeavable(on: boolean): void;
  /** Ends the waits for operators: each throws a CancelledError, while the operator goes on to its end. */
  leaveCalls(): void;

  /** How many GPUs can be used, and if none why. */
  cudaStatus(): { devices: number; problem: string };
  /** Bytes of a GPU that are free, and all it has. */
  cudaMemory(index: number): [number, number];
  /** Waits for a GPU. */
  cudaSynchronize(index: number): void;
  /** Gives memory that is kept for later tensors back to the GPUs. */
  cudaEmptyCache(): void;

  /** Takes the exclusive lock of an open file (`flock`) if nobody has it; it lasts until the file is closed. */
  tryLockFile(descriptor: number): boolean;
}

function load(): Binding {
  // From lib/ (tests) as from dist/ (the built package), the addon is in the sibling folder.
  const path = join(__dirname, "..", "build", "graphpatch.node");
  if (!existsSync(path)) {
    throw new Error(
      `The addon ${path} has not been built: run \`npm run build:addon\` in the package's folder`,
    );
  }
  return withSpinningWorkers(() => require(path) as Binding);
}

/** The addon. Only this file loads it. */
export const binding: Binding = load();
