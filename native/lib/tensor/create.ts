import { binding, type TensorData } from "../binding";
import { ArgumentError, ShapeError } from "../errors";
import { type DType, isFloatingDType } from "./dtype";
import type { Tensor } from "./tensor";

/** Numbers, booleans, or arrays of them nested to the depth of the tensor's rank. */
export type NestedArray = number | boolean | bigint | readonly NestedArray[];

export interface CreateOptions {
  /** Default: float32 for numbers with a fraction, int64 for whole numbers, bool for booleans; that of a typed array. */
  dtype?: DType;
  device?: string;
  requires_grad?: boolean;
}

const TYPED_ARRAY_DTYPES: ReadonlyMap<string, DType> = new Map([
  ["Float32Array", "float32"],
  ["Float64Array", "float64"],
  ["Int8Array", "int8"],
  ["Uint8Array", "uint8"],
  ["Uint8ClampedArray", "uint8"],
  ["Int16Array", "int16"],
  ["Uint16Array", "uint16"],
  ["Int32Array", "int32"],
  ["Uint32Array", "uint32"],
  ["BigInt64Array", "int64"],
  ["BigUint64Array", "uint64"],
]);

/** The dtype whose elements a typed array, of whatever realm, has; null for anything else. */
function typedArrayDType(value: object): DType | null {
  if (!ArrayBuffer.isView(value)) return null;
  return TYPED_ARRAY_DTYPES.get(Object.prototype.toString.call(value).slice("[object ".length, -1)) ?? null;
}

function shapeOf(values: NestedArray): number[] {
  const shape: number[] = [];
  for (let level: NestedArray | undefined = values; Array.isArray(level); level = level[0])
    shape.push(level.length);
  return shape;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null ? "null" : `${typeof value === "object" ? "an object" : typeof value}`;
}

/** The values in row-major order. @throws ShapeError, ArgumentError with the position of what does not fit. */
function flattenInto(
  values: NestedArray,
  shape: readonly number[],
  out: (number | boolean | bigint)[],
): void {
  const path: number[] = [];
  const where = () => (path.length === 0 ? "" : ` at [${path.join(", ")}]`);
  const walk = (value: NestedArray, depth: number): void => {
    if (depth < shape.length) {
      if (!Array.isArray(value) || value.length !== shape[depth]) {
        throw new ShapeError(
          `Nested arrays are ragged: expected an array of ${shape[depth]}${where()}, found ${describe(value)}`,
        );
      }
      for (let i = 0; i < value.length; i++) {
        path.push(i);
        walk(value[i], depth + 1);
        path.pop();
      }
      return;
    }
    if (Array.isArray(value)) {
      throw new ShapeError(`Nested arrays are ragged: expected a number${where()}, found ${describe(value)}`);
    }
    if (typeof value !== "number" && typeof value !== "boolean" && typeof value !== "bigint") {
      throw new ArgumentError(`A tensor holds numbers and booleans, not ${describe(value)}${where()}`);
    }
    out.push(value);
  };
  walk(values, 0);
}

function inferDType(values: readonly (number | boolean | bigint)[]): DType {
  if (values.length === 0) return "float32";
  if (values.every((value) => typeof value === "boolean")) return "bool";
  // As in PyTorch, [1, 2] is a tensor of integers; JavaScript does not tell 1.0 from 1.
  const whole = (value: number | boolean | bigint) =>
    typeof value !== "number" || (Number.isSafeInteger(value) && !Object.is(value, -0));
  return values.every(whole) ? "int64" : "float32";
}

/** The numbers that an integer dtype holds. */
const LIMITS: ReadonlyMap<DType, readonly [bigint, bigint]> = new Map(
  ([8, 16, 32, 64] as const).flatMap((bits) => {
    const size = 2n ** BigInt(bits);
    return [
      [`int${bits}`, [-size / 2n, size / 2n - 1n]],
      [`uint${bits}`, [0n, size - 1n]],
    ] as const;
  }),
);

/** Where in nested arrays of `shape` the value at a place in row-major order stands: `" at [1, 0]"`. */
function positionOf(place: number, shape: readonly number[]): string {
  const path: number[] = [];
  let rest = place;
  for (const size of [...shape].reverse()) {
    path.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return path.length === 0 ? "" : ` at [${path.join(", ")}]`;
}

/** As in PyTorch, a fraction is cut off, but a number that an integer dtype does not hold is refused. */
function checkRange(
  values: readonly (number | boolean | bigint)[],
  dtype: DType,
  shape: readonly number[],
): void {
  const limits = LIMITS.get(dtype);
  if (limits === undefined) return;
  const [lowest, highest] = limits;
  values.forEach((value, place) => {
    const whole = typeof value === "bigint" ? value : Math.trunc(Number(value));
    if (whole >= lowest && whole <= highest) return;
    throw new ArgumentError(
      `${value}${positionOf(place, shape)} does not fit ${dtype} (${lowest} to ${highest})`,
    );
  });
}

function pack(values: readonly (number | boolean | bigint)[], dtype: DType): TensorData {
  if (isFloatingDType(dtype) || !values.some((value) => typeof value === "bigint")) {
    return Float64Array.from(values, Number);
  }
  return BigInt64Array.from(values, (value) => BigInt(value));
}

/**
 * A new tensor with the given values.
 * @throws ShapeError with the position, when nested arrays are ragged; ArgumentError for what an integer dtype does not hold
 */
export function createTensor(values: NestedArray | TensorData, options: CreateOptions = {}): Tensor {
  let tensor: Tensor;
  const own = typeof values === "object" ? typedArrayDType(values) : null;
  if (own !== null) {
    const data = values as TensorData;
    tensor = binding.fromData(data, [data.length], options.dtype ?? own);
  } else {
    const nested = values as NestedArray;
    const shape = shapeOf(nested);
    const flat: (number | boolean | bigint)[] = [];
    flattenInto(nested, shape, flat);
    const dtype = options.dtype ?? inferDType(flat);
    checkRange(flat, dtype, shape);
    tensor = binding.fromData(pack(flat, dtype), shape, dtype);
  }
  if (options.device !== undefined && options.device !== "cpu") tensor = tensor.to(options.device);
  if (options.requires_grad) binding.setRequiresGrad(tensor, true);
  return tensor;
}
