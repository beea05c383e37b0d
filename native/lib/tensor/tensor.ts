import { binding, type TensorData, type TensorHandle } from "../binding";
import { activeSignal } from "../cancellation";
import { callOperator } from "../dispatch/dispatch";
import { getInterceptor } from "../dispatch/interceptor";
import type { Size } from "../dispatch/size";
import { CancelledError, DtypeError } from "../errors";
import type { TensorOps } from "../generated/tensorOps";
import { installMethods } from "../ops/install";
import { isDeviceName } from "./devices";
import { type DType, isComplexDType, isDType, isFloatingDType } from "./dtype";
import { formatTensor } from "./format";
import { readSlice, writeSlice } from "./indexing";
import { type NestedValues, nest } from "./nested";
import type { Slice } from "./slice";
import { registerTensor } from "./tidy";

// The operators are methods too: the interface comes from libtorch's schemas, the methods are installed below.
const TensorBase = binding.TensorHandle as unknown as new () => TensorHandle & TensorOps;

export interface ToOptions {
  dtype?: DType;
  device?: string;
  /** Copy even when nothing would change. */
  copy?: boolean;
  non_blocking?: boolean;
}

/**
 * A tensor of PyTorch. Made by the functions of `torch` (`torch.tensor([1, 2])`, `torch.zeros([2, 3])`); every operator
 * that PyTorch has as a method is one here, under the same name and argument names. Arguments by name come last, in an
 * object: `x.sum(-1, { keepdim: true })`.
 */
export class Tensor extends TensorBase {
  constructor() {
    super();
    registerTensor(this);
  }

  /** Sizes of all dimensions, as plain numbers. While a model is captured they fix the graph to these sizes: use `size(d)` for those that vary. */
  get shape(): number[] {
    return getInterceptor()?.shape(this) ?? binding.shape(this);
  }

  get dtype(): DType {
    return binding.dtype(this);
  }

  /** `"cpu"`, `"cuda:0"`, `"meta"`. */
  get device(): string {
    return binding.device(this);
  }

  get requires_grad(): boolean {
    return binding.requiresGrad(this);
  }

  /** @throws TorchError when it is turned off for a computed tensor (use detach()), or on for integers */
  set requires_grad(value: boolean) {
    binding.setRequiresGrad(this, value);
  }

  /** Sets `requires_grad` and returns the tensor. */
  requires_grad_(requires_grad = true): this {
    binding.setRequiresGrad(this, requires_grad);
    return this;
  }

  /** What backward() has summed up here; null before. */
  get grad(): Tensor | null {
    return binding.grad(this);
  }

  set grad(value: Tensor | null) {
    binding.setGrad(this, value);
  }

  /** Whether the tensor was made by the user rather than computed from tensors that require gradients. */
  get is_leaf(): boolean {
    return binding.isLeaf(this);
  }

  /** How often the values were changed in place, through this tensor or another on the same memory. */
  get _version(): number {
    return binding.version(this);
  }

  /** Name of the function that backward() will go through (`"AddBackward0"`); null for a leaf. */
  get grad_fn(): string | null {
    return binding.gradFn(this);
  }

  /** Keeps the gradient of a computed tensor, which backward() would otherwise throw away. */
  retain_grad(): void {
    binding.retainGrad(this);
  }

  /**
   * Adds the gradients of this tensor to `grad` of all tensors that it was computed from and that require it. Runs on
   * the engine thread.
   * @param gradient of the same shape; may be left out for a tensor with one element
   * @param options.signal stops between two operators; gradients that were summed up by then stay
   * @throws TorchError when there is nothing to differentiate, or when the graph was used up by an earlier backward(); CancelledError
   *   through `signal`
   */
  backward(
    gradient: Tensor | null = null,
    { retain_graph = false, signal: own }: { retain_graph?: boolean; signal?: AbortSignal } = {},
  ): Promise<void> {
    const signal = activeSignal(own);
    if (!signal) return binding.backward(this, gradient, retain_graph, null);
    if (signal.aborted) {
      return Promise.reject(new CancelledError("backward() was cancelled before it began"));
    }
    const flag = binding.newCancelFlag();
    const done = binding.backward(this, gradient, retain_graph, flag);
    const cancel = () => binding.setCancelFlag(flag);
    signal.addEventListener("abort", cancel, { once: true });
    return done.finally(() => signal.removeEventListener("abort", cancel));
  }

  /** All sizes as plain numbers, or the size of one dimension (counted from the end when negative), which stays symbolic while a model is captured. */
  size(): number[];
  size(dim: number): Size;
  size(dim?: number): number[] | Size {
    if (dim === undefined) return binding.shape(this);
    return getInterceptor()?.size(this, dim) ?? binding.sizeAt(this, dim);
  }

  /** Steps between neighbours of each dimension, in elements. */
  stride(): number[] {
    return binding.strides(this);
  }

  dim(): number {
    return binding.dim(this);
  }

  /** Number of dimensions. */
  get ndim(): number {
    return binding.dim(this);
  }

  /** Number of elements. */
  numel(): number {
    return binding.numel(this);
  }

  is_floating_point(): boolean {
    return isFloatingDType(binding.dtype(this));
  }

  is_complex(): boolean {
    return isComplexDType(binding.dtype(this));
  }

  /** This tensor where `condition` holds, `other` elsewhere: `torch.where(condition, this, other)`. */
  where(condition: Tensor, other: Tensor | number | boolean): Tensor {
    return callOperator("where", [condition, this, other]) as Tensor;
  }

  /** All dimensions reversed. */
  get T(): Tensor {
    return callOperator("numpy_T", [this]) as Tensor;
  }

  /** The last two dimensions exchanged. */
  get mT(): Tensor {
    return callOperator("mT", [this]) as Tensor;
  }

  /**
   * The value of a tensor with one element.
   * @throws TorchError for more or fewer elements, DtypeError for complex numbers
   */
  item(): number | boolean {
    getInterceptor()?.onValueRead(this, "item()");
    // A bigint only outside of 2^53: the type says what every ordinary tensor gives.
    return binding.item(this) as number | boolean;
  }

  /** The values as nested arrays; 64-bit integers beyond 2^53 as bigint. */
  tolist(): NestedValues {
    getInterceptor()?.onValueRead(this, "tolist()");
    const dtype = binding.dtype(this);
    if (isComplexDType(dtype))
      throw new DtypeError("tolist() of complex numbers: use view_as_real(x).tolist()");
    return nest(binding.data(this), binding.shape(this), dtype === "bool");
  }

  /** A copy of the values in row-major order, in the typed array of the dtype; 16-bit floats as Float32Array, bool as Uint8Array. */
  data(): TensorData {
    getInterceptor()?.onValueRead(this, "data()");
    return binding.data(this);
  }

  /**
   * The part that `slice` names, as in NumPy: `x.at("0, 3:5, -1")`, `x.at(["...", 0])`, `x.at([mask])`. A view where
   * only indices and ranges stand.
   * @throws SliceError
   */
  at(slice: Slice | number): Tensor {
    return readSlice(this, typeof slice === "number" ? [slice] : slice);
  }

  /** Writes `value`, broadcast, into the part that `slice` names. @throws SliceError */
  setAt(slice: Slice | number, value: Tensor | number | boolean): this {
    writeSlice(this, typeof slice === "number" ? [slice] : slice, value);
    return this;
  }

  /** Converts to a dtype, a device, both, or those of another tensor. Returns this tensor's own values where nothing changes. */
  to(dtype: DType, options?: ToOptions): Tensor;
  to(device: string, dtype?: DType | ToOptions, options?: ToOptions): Tensor;
  to(other: Tensor, options?: ToOptions): Tensor;
  to(options: ToOptions): Tensor;
  to(target: string | Tensor | ToOptions, dtype?: DType | ToOptions, options?: ToOptions): Tensor {
    const wanted: ToOptions = { ...options };
    if (typeof dtype === "string") wanted.dtype = dtype;
    else Object.assign(wanted, dtype);
    if (target instanceof Tensor) {
      wanted.dtype = target.dtype;
      wanted.device = target.device;
    } else if (typeof target !== "string") {
      Object.assign(wanted, target);
    } else if (isDType(target)) {
      wanted.dtype = target;
    } else if (isDeviceName(target)) {
      wanted.device = target;
    } else {
      throw new DtypeError(`to("${target}"): neither a dtype ("float16", …) nor a device ("cpu", "cuda:0")`);
    }
    const { dtype: kind, device, ...rest } = wanted;
    if (device === undefined && kind !== undefined)
      return callOperator("aten::to.dtype", [this, kind], { ...rest }) as Tensor;
    return callOperator("aten::to.dtype_layout", [this], { dtype: kind, device, ...rest }) as Tensor;
  }

  /** As float32. */
  float(): Tensor {
    return this.to("float32");
  }

  /** As float64. */
  double(): Tensor {
    return this.to("float64");
  }

  /** As float16. */
  half(): Tensor {
    return this.to("float16");
  }

  /** As bfloat16. */
  bfloat16(): Tensor {
    return this.to("bfloat16");
  }

  /** As int64. */
  long(): Tensor {
    return this.to("int64");
  }

  /** As int32. */
  int(): Tensor {
    return this.to("int32");
  }

  /** This tensor on a GPU. @throws DeviceError saying why there is none. */
  cuda(device = "cuda"): Tensor {
    return this.to(device);
  }

  /** As bool. */
  bool(): Tensor {
    return this.to("bool");
  }

  cpu(): Tensor {
    return this.to("cpu");
  }

  get isDisposed(): boolean {
    return binding.isDisposed(this);
  }

  /** Gives the memory back at once, unless a view or a running computation still needs it. Later use is a DisposedTensorError. */
  dispose(): void {
    binding.dispose(this);
  }

  [Symbol.dispose](): void {
    binding.dispose(this);
  }

  /** As PyTorch prints it. */
  override toString(): string {
    getInterceptor()?.onValueRead(this, "toString()");
    return formatTensor(this);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return formatTensor(this);
  }
}

installMethods(Tensor.prototype);
binding.setTensorClass(Tensor);
