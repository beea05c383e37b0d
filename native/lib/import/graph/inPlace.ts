import type { OperatorSchema } from "../../binding";
import { CorruptFileError, UnsupportedExportError } from "../../errors";
import { operatorLocalName } from "../../graph/names";
import type { ArgumentSpec } from "../../graph/spec";
import type { DType } from "../../tensor/dtype";
import type { TensorMeta } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { Cell } from "./cells";
import { type OperatorCall, orderedArguments, tensorName } from "./operators";
import { viewWrite } from "./views";

/** In-place operators whose out-of-place form has another name or overload. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["aten::normal_.", "aten::normal_functional."],
  ["aten::bernoulli_.float", "aten::bernoulli.p"],
  ["aten::pow_.Scalar", "aten::pow.Tensor_Scalar"],
  ["aten::pow_.Tensor", "aten::pow.Tensor_Tensor"],
  ["aten::float_power_.Scalar", "aten::float_power.Tensor_Scalar"],
  ["aten::float_power_.Tensor", "aten::float_power.Tensor_Tensor"],
  ["aten::floor_divide_.Tensor", "aten::floor_divide."],
  ["aten::ldexp_.", "aten::ldexp.Tensor"],
  ["aten::transpose_.", "aten::transpose.int"],
  ["aten::__iand__.Tensor", "aten::__and__.Tensor"],
  ["aten::__iand__.Scalar", "aten::__and__.Scalar"],
  ["aten::__ior__.Tensor", "aten::__or__.Tensor"],
  ["aten::__ior__.Scalar", "aten::__or__.Scalar"],
  ["aten::__ixor__.Tensor", "aten::__xor__.Tensor"],
  ["aten::__ixor__.Scalar", "aten::__xor__.Scalar"],
]);

/** Change only how a tensor sees its memory. */
const VIEW_CHANGES: ReadonlySet<string> = new Set([
  "aten::transpose_",
  "aten::t_",
  "aten::squeeze_",
  "aten::unsqueeze_",
  "aten::swapaxes_",
  "aten::swapdims_",
  "aten::as_strided_",
  "aten::detach_",
]);

/** `add_`, `__iand__`: changes its first argument, and returns it. */
export function isInPlace(schema: OperatorSchema): boolean {
  const base = schema.name.slice(schema.name.indexOf("::") + 2);
  const first = schema.arguments[0];
  return (
    (/[^_]_$/.test(base) || /^__i\w+__$/.test(base)) && first?.writes === true && schema.returns.length === 1
  );
}

/** The out-of-place form: `["aten::add", "Tensor"]`. */
function outOfPlace(call: OperatorCall): OperatorSchema {
  const { builder, operator, overload } = call;
  const other = OTHER_NAMES.get(`${operator}.${overload}`) ?? `${operator.replace(/_$/, "")}.${overload}`;
  const dot = other.indexOf(".");
  const schema = builder.schema(other.slice(0, dot), other.slice(dot + 1));
  if (schema) return schema;
  throw withoutForm(call);
}

function withoutForm({ operator }: OperatorCall): UnsupportedExportError {
  return new UnsupportedExportError(
    `the in-place operator ${operator} has no out-of-place form; run ep = ep.run_decompositions() before saving the archive`,
  );
}

/** The arguments by the names that the out-of-place form has for them: `dropout` calls `input` what `dropout_` calls `self`. */
function renamedArguments({ schema, args }: OperatorCall, form: OperatorSchema): Map<string, ArgumentSpec> {
  const names = new Map(schema.arguments.map(({ name }, i) => [name, form.arguments[i]?.name ?? name]));
  return new Map([...args].map(([name, argument]) => [names.get(name) ?? name, argument]));
}

/** The source in the shape and dtype of `self`: what `copy` gives, which has no gradient of its own. */
function copied({ builder, args }: OperatorCall, self: number, meta: TensorMeta, local: string): number {
  const source = args.get("src");
  if (!source) throw new CorruptFileError("copy has no source");
  const expanded = builder.emit("aten::expand_as", [source, { ref: self }], meta);
  const converted = builder.emit("aten::to.dtype", [{ ref: expanded }, { constant: meta.dtype }], meta);
  return addForm(
    builder,
    "aten::clone",
    [{ ref: converted }, { constant: "contiguous_format" }],
    meta,
    local,
  );
}

/** The functional `copy` of decomposed graphs. */
export function addCopy(call: OperatorCall): void {
  const { builder, scope, node } = call;
  const [output] = node.outputs;
  const self = tensorName(node, "self");
  const cell = self === null ? null : scope.cell(self);
  const meta = output?.kind === "value" ? scope.meta(output.name) : null;
  if (!cell || !meta || output?.kind !== "value")
    throw new CorruptFileError("copy of something that is no tensor");
  scope.bind(output.name, new Cell(builder, copied(call, cell.read(), meta, "copy")));
}

/** The whole diagonal of a matrix is the number: [rows, columns]. */
function diagonalFilled(call: OperatorCall, self: number, meta: TensorMeta): number {
  const { builder, args } = call;
  const wrap = args.get("wrap");
  const wraps = wrap !== undefined && !("constant" in wrap && wrap.constant === false);
  if (meta.sizes.length !== 2 || wraps) throw withoutForm(call);
  const tensor = { ref: self };
  const diagonal = builder.emit("aten::diagonal", [tensor], { ...meta, sizes: [meta.sizes[0]], strides: [] });
  const filled = builder.emit("aten::fill.Scalar", [{ ref: diagonal }, args.get("fill_value") ?? null], {
    ...meta,
    sizes: [meta.sizes[0]],
    strides: [1],
  });
  return addForm(builder, "aten::diagonal_scatter", [tensor, { ref: filled }], meta, "fill_diagonal_");
}

function addForm(
  builder: GraphBuilder,
  operator: string,
  args: ArgumentSpec[],
  meta: TensorMeta,
  local: string,
): number {
  const results = builder.newResults([meta]);
  builder.add({
    type: "operator",
    operator,
    overload: "",
    args,
    results,
    local,
    shown: operator,
    isAdded: false,
  });
  return results[0].value;
}

/** New content, of operators that have no out-of-place form with gradients; null for any other operator. */
function newContent(call: OperatorCall, self: number, meta: TensorMeta): number | null {
  const { builder, operator } = call;
  if (operator === "aten::copy_") return copied(call, self, meta, "copy_");
  if (operator === "aten::fill_diagonal_") return diagonalFilled(call, self, meta);
  if (operator !== "aten::zero_") return null;
  return addForm(builder, "aten::zeros_like", [{ ref: self }], meta, "zero_");
}

/** Adds the out-of-place form of an in-place operator; from then on the tensor is its result. */
export function addInPlace(call: OperatorCall): void {
  const { builder, scope, node, operator, args } = call;
  const self = call.schema.arguments[0].name;
  const name = tensorName(node, self);
  const cell = name === null ? null : scope.cell(name);
  const meta = name === null ? null : scope.meta(name);
  if (!cell || !meta || name === null)
    throw new UnsupportedExportError(`${operator} of something that is no tensor`);
  const before = cell.read();
  const content = newContent(call, before, meta);
  if (content !== null) {
    write(call, cell, content);
    return;
  }
  const schema = outOfPlace(call);
  const sameArgs = renamedArguments(call, schema);
  const [output] = node.outputs;
  const outputMeta = (output?.kind === "value" ? scope.meta(output.name) : null) ?? meta;
  const results = builder.newResults([outputMeta]);
  const local = operatorLocalName(operator.slice(operator.indexOf("::") + 2));
  builder.add({
    type: "operator",
    operator: schema.name,
    overload: schema.overload,
    args: orderedArguments({ ...call, schema, args: sameArgs }),
    results,
    local,
    shown: schema.overload === "" ? schema.name : `${schema.name}.${schema.overload}`,
    isAdded: false,
  });
  const [{ value }] = results;
  if (VIEW_CHANGES.has(operator)) {
    const view = {
      builder,
      operator: schema.name,
      overload: schema.overload,
      args,
      from: meta,
      to: outputMeta,
      part: 0,
    };
    const writeView = viewWrite(view, true);
    const rule = {
      derive: (base: number) =>
        builder.emit(
          `${schema.name}.${schema.overload}`,
          orderedArguments({ ...call, schema, args: new Map(args).set(self, { ref: base }) }),
          outputMeta,
        ),
      write: (base: number, newContent: number) =>
        writeView ? writeView(view, base, newContent) : newContent,
    };
    const changed = new Cell(builder, value, { base: cell, baseThen: before, rule });
    scope.rebind(cell, changed);
    if (output?.kind === "value") scope.bind(output.name, changed);
    return;
  }
  const promoted = mayPromote(call, meta.dtype);
  write(
    call,
    cell,
    promoted ? builder.emit("aten::to.dtype", [{ ref: value }, { constant: meta.dtype }], meta) : value,
  );
}

/** Gives the tensor its new content, and the operator's result what it returns: the tensor it was given. */
function write({ scope, node }: OperatorCall, cell: Cell, content: number): void {
  const { isGiven } = cell;
  cell.write(content);
  const [output] = node.outputs;
  if (output?.kind === "value") scope.bind(output.name, isGiven ? cell.handedOn() : cell);
}

/** Whether the out-of-place form could give another dtype than that of the tensor it changes. */
function mayPromote({ schema, args, builder }: OperatorCall, dtype: DType): boolean {
  return schema.arguments.slice(1).some(({ name, type }) => {
    const argument = args.get(name);
    if (!argument) return false;
    if ("constant" in argument) return isNumberType(type) && changesCategory(argument, dtype);
    if (!("ref" in argument)) return false;
    const meta = builder.metaOf(argument.ref);
    return meta ? meta.dtype !== dtype : isNumberType(type);
  });
}

function isNumberType(type: string): boolean {
  return type === "Tensor" || type === "Scalar" || type === "number";
}

function changesCategory(argument: { constant: unknown; isFloat?: boolean }, dtype: DType): boolean {
  const isFloating = dtype.startsWith("float") || dtype === "bfloat16" || dtype.startsWith("complex");
  if (isFloating) return false;
  return dtype === "bool" ? typeof argument.constant !== "boolean" : argument.isFloat === true;
}
