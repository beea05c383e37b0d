/** What a picture needs of a tensor. */
export interface TensorLike {
  readonly shape: number[];
  readonly dtype: string;
  /** Values in row-major order. */
  data(): ArrayLike<number | bigint>;
  toString(): string;
}

/** What is known of a tensor besides its values. */
export interface Annotation {
  node?: string;
  dims?: string[];
  tokens?: string[];
  kind?: "activation" | "attention" | "logits";
}

/** All values as float32. @throws TypeError for complex numbers, which have no one colour */
export function floatValues(tensor: TensorLike): Float32Array {
  if (tensor.dtype.startsWith("complex")) {
    throw new TypeError("a picture of complex numbers: take their real part, imag or abs() first");
  }
  const data = tensor.data();
  return data instanceof Float32Array ? data : Float32Array.from(data, Number);
}

/** Names of all dimensions, `dim_i` where the annotation says nothing. */
export function dimensionNames(shape: readonly number[], dims: readonly string[] | undefined): string[] {
  return shape.map((_, i) => (dims?.length === shape.length ? dims[i] : `dim_${i}`));
}
