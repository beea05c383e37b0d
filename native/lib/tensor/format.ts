import { binding } from "../binding";
import { isComplexDType, isFloatingDType } from "./dtype";
import { exponential4, fixed0, fixed4 } from "./numberFormat";
import type { Tensor } from "./tensor";

// The rules of torch/_tensor_str.py with its default options.
const THRESHOLD = 1000;
const EDGE_ITEMS = 3;
const LINE_WIDTH = 80;

type Value = number | boolean | bigint;

interface Formatter {
  width: number;
  format(value: Value): string;
}

function padded(width: number, text: string): string {
  return text.padStart(width);
}

function widest(values: Iterable<Value>, format: (value: Value) => string): number {
  let width = 1;
  for (const value of values) width = Math.max(width, format(value).length);
  return width;
}

function plainText(value: Value): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

/** One way of writing for all values of a tensor: fixed point, whole numbers or scientific. */
function formatterFor(values: readonly Value[], floating: boolean): Formatter {
  if (!floating) {
    const width = widest(values, plainText);
    return { width, format: (value) => padded(width, plainText(value)) };
  }
  const finite = (values as readonly number[]).filter((value) => Number.isFinite(value) && value !== 0);
  const whole = finite.every((value) => Number.isInteger(value));
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const value of finite) {
    smallest = Math.min(smallest, Math.abs(value));
    largest = Math.max(largest, Math.abs(value));
  }
  const scientific = finite.length > 0 && (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4);
  const wholeText = (value: number) => fixed0(value) + (Number.isFinite(value) ? "." : "");
  const text = (scientific ? exponential4 : whole ? wholeText : fixed4) as (value: Value) => string;
  const width = widest(finite, text);
  return { width, format: (value) => padded(width, text(value)) };
}

function complexFormatter(values: readonly number[]): Formatter {
  const real = formatterFor(
    values.filter((_, i) => i % 2 === 0),
    true,
  );
  const imaginary = formatterFor(
    values.filter((_, i) => i % 2 === 1),
    true,
  );
  return {
    width: real.width + imaginary.width + 1,
    // The index of a pair stands for the complex number.
    format: (pair) => {
      const at = 2 * Number(pair);
      const imaginaryText = `${imaginary.format(values[at + 1])}j`.trimStart();
      return real.format(values[at]) + (/^[+-]/.test(imaginaryText) ? "" : "+") + imaginaryText;
    },
  };
}

/** The values that are printed: all, or the edges of each dimension. */
interface Shown {
  values: Value[];
  shape: number[];
  /** Per dimension, whether "..." stands in its middle. */
  cut: boolean[];
}

function shownValues(tensor: Tensor): Shown {
  const shape = binding.shape(tensor);
  const summarize = binding.numel(tensor) > THRESHOLD;
  let part = tensor;
  const cut = shape.map((size, dim) => {
    if (!summarize || size <= 2 * EDGE_ITEMS) return false;
    const head = binding.call("narrow", [part, dim, 0, EDGE_ITEMS], undefined, false);
    const tail = binding.call("narrow", [part, dim, size - EDGE_ITEMS, EDGE_ITEMS], undefined, false);
    part = binding.call("cat", [[head, tail], dim], undefined, false) as Tensor;
    return true;
  });
  const data = binding.data(part);
  const isBool = binding.dtype(tensor) === "bool";
  const values: Value[] = Array.from<number | bigint, Value>(data, (value) => (isBool ? value !== 0 : value));
  return { values, shape: binding.shape(part), cut };
}

function contents(tensor: Tensor, indent: number): string {
  const shown = shownValues(tensor);
  const dtype = binding.dtype(tensor);
  let values = shown.values;
  let formatter: Formatter;
  if (isComplexDType(dtype)) {
    formatter = complexFormatter(values as number[]);
    values = Array.from({ length: values.length / 2 }, (_, i) => i);
  } else {
    formatter = formatterFor(values, isFloatingDType(dtype));
  }

  const vector = (offset: number, size: number, cut: boolean, at: number): string => {
    const items = values.slice(offset, offset + size).map(formatter.format);
    if (cut) items.splice(EDGE_ITEMS, 0, " ...");
    const perLine = Math.max(1, Math.floor((LINE_WIDTH - at) / (formatter.width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,\n${" ".repeat(at + 1)}`)}]`;
  };
  const block = (dim: number, offset: number, at: number): string => {
    const rank = shown.shape.length - dim;
    if (rank === 0) return formatter.format(values[offset]);
    const size = shown.shape[dim];
    if (rank === 1) return vector(offset, size, shown.cut[dim], at);
    const stride = shown.shape.slice(dim + 1).reduce((product, n) => product * n, 1);
    const parts = Array.from({ length: size }, (_, i) => block(dim + 1, offset + i * stride, at + 1));
    if (shown.cut[dim]) parts.splice(EDGE_ITEMS, 0, "...");
    return `[${parts.join(`,${"\n".repeat(rank - 1)}${" ".repeat(at + 1)}`)}]`;
  };
  return block(0, 0, indent);
}

function tuple(sizes: readonly number[]): string {
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(", ")})`;
}

function withSuffixes(text: string, suffixes: readonly string[], indent: number): string {
  let result = text;
  let lineLength = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    if (lineLength + suffix.length + 2 > LINE_WIDTH) {
      result += `,\n${" ".repeat(indent)}${suffix}`;
      lineLength = indent + suffix.length;
    } else {
      result += `, ${suffix}`;
      lineLength += suffix.length + 2;
    }
  }
  return `${result})`;
}

/** The tensor as PyTorch prints it: four digits, the edges of what has more than 1000 elements, 80 columns. */
export function formatTensor(tensor: Tensor): string {
  if (binding.isDisposed(tensor)) return "tensor(disposed)";
  const prefix = "tensor(";
  const dtype = binding.dtype(tensor);
  const device = binding.device(tensor);
  const shape = binding.shape(tensor);
  const suffixes: string[] = [];
  let text: string;
  if (!device.startsWith("cpu")) suffixes.push(`device='${device}'`);
  if (device === "meta") {
    suffixes.push(`size=${tuple(shape)}`);
    if (dtype !== "float32") suffixes.push(`dtype=torch.${dtype}`);
    text = "...";
  } else if (binding.numel(tensor) === 0) {
    if (shape.length !== 1) suffixes.push(`size=${tuple(shape)}`);
    if (dtype !== "float32") suffixes.push(`dtype=torch.${dtype}`);
    text = "[]";
  } else {
    if (!["float32", "complex64", "int64", "bool"].includes(dtype)) suffixes.push(`dtype=torch.${dtype}`);
    text = contents(tensor, prefix.length);
  }
  const gradFn = binding.gradFn(tensor);
  if (gradFn !== null) suffixes.push(`grad_fn=<${gradFn}>`);
  else if (binding.requiresGrad(tensor)) suffixes.push("requires_grad=True");
  return withSuffixes(prefix + text, suffixes, prefix.length);
}
