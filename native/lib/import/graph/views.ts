import { UnsupportedExportError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { TensorMeta } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { byParts, imaginaryWritten, realWritten } from "./complexViews";
import { type Sharing, sharingOfContiguous, sharingOfReshape } from "./layout";

/** A call of an operator whose result may share its argument's memory. */
export interface ViewCall {
  builder: GraphBuilder;
  /** `aten::select`. */
  operator: string;
  overload: string;
  /** Arguments by the schema's names; missing ones have their default. */
  args: ReadonlyMap<string, ArgumentSpec>;
  /** Of the base, and of the result. */
  from: TensorMeta;
  to: TensorMeta;
  /** Which of several results: `split` and `unbind` give many. */
  part: number;
}

/** The base's content after the view got new content; both are values. */
export type Write = (call: ViewCall, base: number, content: number) => number;

/** Where Python has no end. */
const END = 2n ** 63n - 1n;

function argument(call: ViewCall, name: string, missing: unknown = null): ArgumentSpec {
  return call.args.get(name) ?? { constant: missing };
}

/** An argument that must be a plain number, or a list of them. */
function plain(call: ViewCall, name: string, missing: unknown = null): unknown {
  const spec = argument(call, name, missing);
  if ("constant" in spec) return spec.constant;
  if ("list" in spec && spec.list.every((item) => "constant" in item)) {
    return spec.list.map((item) => ("constant" in item ? item.constant : null));
  }
  throw unwritable(call);
}

function unwritable({ operator, overload }: ViewCall): UnsupportedExportError {
  return new UnsupportedExportError(
    `the model changes a tensor in place through ${operator}${overload === "" ? "" : `.${overload}`}, for which this package has no rule; write x = f(x) instead of f_(x) there and export again`,
  );
}

/** `a + b` and `a * b` of sizes, computed at once where both are plain. */
function sum(builder: GraphBuilder, a: ArgumentSpec, b: ArgumentSpec): ArgumentSpec {
  const [x, y] = [constantOf(a), constantOf(b)];
  return x !== null && y !== null ? { constant: x + y } : builder.emitNumber("add", [a, b]);
}

function product(builder: GraphBuilder, a: ArgumentSpec, b: number): ArgumentSpec {
  const x = constantOf(a);
  return x !== null ? { constant: x * b } : builder.emitNumber("mul", [a, { constant: b }]);
}

function constantOf(spec: ArgumentSpec): number | null {
  return "constant" in spec ? Number(spec.constant) : null;
}

function emit(call: ViewCall, name: string, ...args: ArgumentSpec[]): number {
  return call.builder.emit(name, args, call.from);
}

/**
 * The base as an operator can take it that copies all of its memory to change a part of it: a weight's memory is the
 * whole file.
 */
function ownMemory({ builder, from }: ViewCall, base: number): ArgumentSpec {
  return { ref: builder.ofConstants.has(base) ? builder.emit("aten::clone", [{ ref: base }], from) : base };
}

/** The base with `content` in a part of it. */
function scattered(
  call: ViewCall,
  operator: string,
  base: number,
  content: number,
  ...place: ArgumentSpec[]
): number {
  const write = (into: ArgumentSpec, given: number, meta: TensorMeta) =>
    call.builder.emit(operator, [into, { ref: given }, ...place], meta);
  return byParts(call, ownMemory(call, base), content, write);
}

/** Back in the base's dimensions, and in its order in memory where that was the plain one: a later `view` needs it. */
function turnedBack(call: ViewCall, name: string, ...args: ArgumentSpec[]): number {
  const turned = emit(call, name, ...args);
  return sharingOfContiguous(call.from) === "shares"
    ? emit(call, "aten::contiguous", { ref: turned })
    : turned;
}

/** Views with all of the base's elements in the same order. */
const reshaped: Write = (call, base, content) =>
  emit(call, "aten::reshape_as", { ref: content }, { ref: base });

const same: Write = (_, __, content) => content;

const swapped =
  (first: string, second: string): Write =>
  (call, _, content) =>
    turnedBack(call, "aten::transpose.int", { ref: content }, argument(call, first), argument(call, second));

const swappedBack =
  (first: number, second: number): Write =>
  (call, _, content) =>
    turnedBack(call, "aten::transpose.int", { ref: content }, { constant: first }, { constant: second });

/** The part of the base from `start` to `end` along `dim`. */
function writeSlice(
  call: ViewCall,
  base: number,
  content: number,
  dim: ArgumentSpec,
  start: ArgumentSpec,
  end: ArgumentSpec,
  step: ArgumentSpec = { constant: 1 },
): number {
  return scattered(call, "aten::slice_scatter", base, content, dim, start, end, step);
}

const selected: Write = (call, base, content) =>
  scattered(call, "aten::select_scatter", base, content, argument(call, "dim"), argument(call, "index"));

const sliced: Write = (call, base, content) =>
  writeSlice(
    call,
    base,
    content,
    argument(call, "dim", 0),
    argument(call, "start"),
    argument(call, "end"),
    argument(call, "step", 1),
  );

const narrowed: Write = (call, base, content) => {
  const [start, length] = [argument(call, "start"), argument(call, "length")];
  const end = sum(call.builder, start, length);
  // From the end: -2 and 2 elements would end at 0.
  const reachesEnd = constantOf(end) === 0 && Number(constantOf(start)) < 0;
  return writeSlice(call, base, content, argument(call, "dim"), start, reachesEnd ? { constant: END } : end);
};

const permuted: Write = (call, _, content) => {
  const dims = plain(call, "dims") as number[];
  const inverse = dims.map((_dim, i) => dims.findIndex((dim) => (dim + dims.length) % dims.length === i));
  return turnedBack(
    call,
    "aten::permute",
    { ref: content },
    { list: inverse.map((dim) => ({ constant: dim })) },
  );
};

const moved: Write = (call, _, content) =>
  turnedBack(
    call,
    `aten::movedim.${call.overload}`,
    { ref: content },
    argument(call, "destination"),
    argument(call, "source"),
  );

const diagonal: Write = (call, base, content) =>
  scattered(
    call,
    "aten::diagonal_scatter",
    base,
    content,
    argument(call, "offset", 0),
    argument(call, "dim1", 0),
    argument(call, "dim2", 1),
  );

const strided: Write = (call, base, content) =>
  emit(
    call,
    "aten::as_strided_scatter",
    ownMemory(call, base),
    { ref: content },
    argument(call, "size"),
    argument(call, "stride"),
    argument(call, "storage_offset"),
  );

const split: Write = (call, base, content) => {
  const size = argument(call, "split_size");
  const start = product(call.builder, size, call.part);
  return writeSlice(call, base, content, argument(call, "dim", 0), start, sum(call.builder, start, size));
};

const splitWithSizes: Write = (call, base, content) => {
  const sizes = argument(call, call.operator === "aten::split" ? "split_size" : "split_sizes");
  if (!("list" in sizes)) throw unwritable(call);
  let start: ArgumentSpec = { constant: 0 };
  for (const size of sizes.list.slice(0, call.part)) start = sum(call.builder, start, size);
  const end = sum(call.builder, start, sizes.list[call.part]);
  return writeSlice(call, base, content, argument(call, "dim", 0), start, end);
};

const chunked: Write = (call, base, content) => {
  const dim = argument(call, "dim", 0);
  const chunks = Number(plain(call, "chunks"));
  const { builder } = call;
  const total = builder.emitNumber("size", [{ ref: base }, { constant: positive(dim, call.from) }]);
  const rounded = builder.emitNumber("add", [total, { constant: chunks - 1 }]);
  const size = builder.emitNumber("floordiv", [rounded, { constant: chunks }]);
  const start = product(builder, size, call.part);
  return writeSlice(call, base, content, dim, start, sum(builder, start, size));
};

function positive(dim: ArgumentSpec, meta: TensorMeta): number {
  const number = constantOf(dim) ?? 0;
  return number < 0 ? number + meta.sizes.length : number;
}

const unbound: Write = (call, base, content) =>
  scattered(call, "aten::select_scatter", base, content, argument(call, "dim", 0), { constant: call.part });

const reinterpreted: Write = (call, _, content) =>
  emit(call, "aten::view.dtype", { ref: content }, { constant: call.from.dtype });

const asComplex: Write = (call, _, content) => emit(call, "aten::view_as_complex", { ref: content });
const asReal: Write = (call, _, content) => emit(call, "aten::view_as_real", { ref: content });

/** Whether the view is its base. */
export function isIdentity(write: Write | null): boolean {
  return write === same;
}

/** Operators whose result shares their first argument's memory, by name, some with their overload. */
const VIEWS: ReadonlyMap<string, Write> = new Map<string, Write>([
  ["aten::view", reshaped],
  ["aten::view.dtype", reinterpreted],
  ["aten::_unsafe_view", reshaped],
  ["aten::_reshape_alias", reshaped],
  ["aten::view_as", reshaped],
  ["aten::unflatten", reshaped],
  ["aten::squeeze", reshaped],
  ["aten::unsqueeze", reshaped],
  // Writing to an expanded tensor is an error in PyTorch, unless it has its base's size.
  ["aten::expand", reshaped],
  ["aten::expand_as", reshaped],
  ["aten::broadcast_to", reshaped],
  ["aten::select.int", selected],
  ["aten::slice.Tensor", sliced],
  ["aten::narrow", narrowed],
  ["aten::transpose.int", swapped("dim0", "dim1")],
  ["aten::swapdims", swapped("dim0", "dim1")],
  ["aten::swapaxes", swapped("axis0", "axis1")],
  ["aten::t", (call, _, content) => turnedBack(call, "aten::t", { ref: content })],
  ["aten::numpy_T", (call, _, content) => turnedBack(call, "aten::numpy_T", { ref: content })],
  ["aten::mT", swappedBack(-2, -1)],
  ["aten::permute", permuted],
  ["aten::movedim", moved],
  ["aten::moveaxis", moved],
  ["aten::diagonal", diagonal],
  ["aten::as_strided", strided],
  ["aten::split.Tensor", split],
  ["aten::split.sizes", splitWithSizes],
  ["aten::split_with_sizes", splitWithSizes],
  ["aten::chunk", chunked],
  ["aten::unbind.int", unbound],
  ["aten::view_as_real", asComplex],
  ["aten::view_as_complex", asReal],
  ["aten::real", realWritten],
  ["aten::imag", imaginaryWritten],
  ["aten::alias", same],
  ["aten::detach", same],
  ["aten::lift_fresh", same],
]);

/** Operators that give a view where they can and a copy where they must. */
const MAYBE_VIEWS: ReadonlyMap<string, Write> = new Map<string, Write>([
  ["aten::reshape", reshaped],
  ["aten::reshape_as", reshaped],
  ["aten::flatten", reshaped],
  ["aten::ravel", reshaped],
  ["aten::contiguous", same],
  ["aten::to", same],
  ["aten::type_as", same],
  ["aten::dropout", same],
  ["aten::feature_dropout", same],
  ["aten::alpha_dropout", same],
  ["aten::feature_alpha_dropout", same],
]);

function lookUp(table: ReadonlyMap<string, Write>, { operator, overload }: ViewCall): Write | undefined {
  return table.get(`${operator}.${overload}`) ?? table.get(operator);
}

function sharingOf(call: ViewCall): Sharing {
  const { operator, from, to } = call;
  if (operator === "aten::to" || operator === "aten::type_as") {
    const copies = from.dtype !== to.dtype || plain(call, "copy", false) === true;
    return copies ? "copies" : "shares";
  }
  if (operator.endsWith("dropout")) {
    return plain(call, "train") === true && plain(call, "p") !== 0 ? "copies" : "shares";
  }
  return operator === "aten::contiguous" ? sharingOfContiguous(from) : sharingOfReshape(from, to);
}

/**
 * How new content of a view becomes its base's; null if the call gives a tensor of its own.
 * @param aliases whether the operator's schema says that its result shares memory
 */
export function viewWrite(call: ViewCall, aliases: boolean): Write | null {
  const view = lookUp(VIEWS, call);
  if (view) return view;
  const maybe = lookUp(MAYBE_VIEWS, call);
  if (maybe) {
    const sharing = sharingOf(call);
    if (sharing === "copies") return null;
    if (sharing === "shares") return maybe;
  }
  if (!maybe && !aliases) return null;
  return () => {
    throw unwritable(call);
  };
}
