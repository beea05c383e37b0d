import { UnsupportedExportError } from "../../errors";
import type { DType } from "../../tensor/dtype";
import { MEMORY_FORMATS, SCALAR_TYPES, STRIDED_LAYOUT } from "./enums";
import type { JsonValue } from "./json";
import { readGraph } from "./readGraph";
import type { Argument, ConstantArgument, SymbolicNumber, TensorMeta, ValueArgument } from "./schema";

export function readDtype(json: JsonValue): DType {
  return SCALAR_TYPES.get(json.smallInteger()) ?? json.fail("is no dtype that tensors here can have");
}

/** `SymInt`, `SymFloat` or `SymBool`. */
export function readSymbolic(json: JsonValue): SymbolicNumber {
  const [kind, value] = json.variant();
  if (kind === "as_int") return Number(value.integer());
  if (kind === "as_float") return value.float();
  if (kind === "as_bool") return value.boolean() ? 1 : 0;
  if (kind !== "as_expr") return value.fail("is no kind of number");
  const hint = value.optional("hint");
  return { expression: value.field("expr_str").string(), hint: hint.isNull ? null : readHint(hint) };
}

function readHint(json: JsonValue): number | boolean {
  const [kind, value] = json.variant();
  if (kind === "as_bool") return value.boolean();
  return kind === "as_float" ? value.float() : Number(value.integer());
}

export function readTensorMeta(json: JsonValue): TensorMeta {
  if (json.field("layout").smallInteger() !== STRIDED_LAYOUT) {
    throw new UnsupportedExportError(`${json.place} is a sparse tensor, which graphs here cannot hold`);
  }
  return {
    dtype: readDtype(json.field("dtype")),
    sizes: json.field("sizes").items().map(readSymbolic),
    strides: json.field("strides").items().map(readSymbolic),
    offset: readSymbolic(json.field("storage_offset")),
  };
}

function constant(value: unknown, isFloat = false): ConstantArgument {
  return { kind: "constant", value, isFloat };
}

function namedValue(json: JsonValue): ValueArgument {
  return { kind: "value", name: json.field("name").string() };
}

/** `{ as_name }`, or the number itself. */
function symbolOr(json: JsonValue): ValueArgument | ConstantArgument {
  const [kind, value] = json.variant();
  if (kind === "as_name") return { kind: "value", name: value.string() };
  if (kind === "as_int") return constant(value.integer());
  if (kind === "as_float") return constant(value.float(), true);
  if (kind === "as_bool") return constant(value.boolean());
  return value.fail("is no kind of symbolic argument");
}

function optionalTensor(json: JsonValue): ValueArgument | ConstantArgument {
  const [kind, value] = json.variant();
  return kind === "as_tensor" ? namedValue(value) : constant(null);
}

type Reader = (json: JsonValue, depth: number) => Argument;

const list =
  (item: (json: JsonValue) => ValueArgument | ConstantArgument): Reader =>
  (json) => ({ kind: "list", items: json.items().map(item) });

const unsupported =
  (what: string): Reader =>
  () => ({ kind: "unsupported", what });

/** Devices are left to whoever runs the graph: an archive made on a GPU runs where this package does. */
const DEVICE = constant("cpu");

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["as_none", () => constant(null)],
  ["as_tensor", namedValue],
  ["as_tensors", list(namedValue)],
  ["as_int", (json) => constant(json.integer())],
  ["as_ints", list((json) => constant(json.integer()))],
  ["as_float", (json) => constant(json.float(), true)],
  ["as_floats", list((json) => constant(json.float(), true))],
  ["as_string", (json) => constant(json.string())],
  ["as_strings", list((json) => constant(json.string()))],
  ["as_sym_int", symbolOr],
  ["as_sym_ints", list(symbolOr)],
  ["as_scalar_type", (json) => constant(readDtype(json))],
  [
    "as_memory_format",
    (json) => constant(MEMORY_FORMATS.get(json.smallInteger()) ?? json.fail("is no memory format")),
  ],
  [
    "as_layout",
    (json) =>
      json.smallInteger() === STRIDED_LAYOUT
        ? constant("strided")
        : { kind: "unsupported", what: "a sparse layout" },
  ],
  ["as_device", () => DEVICE],
  ["as_bool", (json) => constant(json.boolean())],
  ["as_bools", list((json) => constant(json.boolean()))],
  ["as_sym_bool", symbolOr],
  ["as_sym_bools", list(symbolOr)],
  ["as_sym_float", symbolOr],
  ["as_sym_floats", list(symbolOr)],
  ["as_optional_tensors", list(optionalTensor)],
  ["as_optional_tensor", optionalTensor],
  [
    "as_graph",
    (json, depth) => ({
      kind: "graph",
      name: json.field("name").string(),
      graph: readGraph(json.field("graph"), depth + 1),
    }),
  ],
  ["as_custom_obj", unsupported("a custom object")],
  ["as_operator", unsupported("an operator as an argument")],
  [
    "as_complex",
    (json) => ({ kind: "complex", real: json.field("real").float(), imaginary: json.field("imag").float() }),
  ],
  ["as_nested_tensors", unsupported("a list of lists of tensors")],
  ["as_int_lists", unsupported("a list of lists of integers")],
  ["as_float_lists", unsupported("a list of lists of numbers")],
  ["as_string_to_argument", unsupported("a dictionary")],
]);

/** @param depth how many sub-graphs this argument lies in */
export function readArgument(json: JsonValue, depth: number): Argument {
  const [kind, value] = json.variant();
  const reader = READERS.get(kind);
  return reader
    ? reader(value, depth)
    : { kind: "unsupported", what: `an argument of the unknown kind ${kind}` };
}
