import type { OperatorSchema } from "../../binding";
import { CorruptFileError, UnsupportedExportError } from "../../errors";
import { operatorLocalName } from "../../graph/names";
import type { ArgumentSpec, AutocastDtype } from "../../graph/spec";
import type { ArchiveNode, Argument, TensorMeta } from "../archive/schema";
import { ATTENTION_DIFFERENCE } from "../attentionDifference";
import { expandAttention } from "./attention";
import { castArguments } from "./autocast";
import type { GraphBuilder } from "./builder";
import { Cell } from "./cells";
import { complexTensor, takingComplex } from "./complexNumbers";
import { addCopy, addInPlace, isInPlace } from "./inPlace";
import type { IrResult } from "./ir";
import { addPublicForm } from "./publicForms";
import { changeStatistics, changesStatistics } from "./runningStatistics";
import type { Scope } from "./scope";
import { isIdentity, viewWrite } from "./views";

/** A call of an operator with everything looked up. */
export interface OperatorCall {
  builder: GraphBuilder;
  scope: Scope;
  node: ArchiveNode;
  schema: OperatorSchema;
  operator: string;
  overload: string;
  args: Map<string, ArgumentSpec>;
  /** As in NodeSpec. */
  autocast?: AutocastDtype;
}

/** The name of the tensor that an argument of the archive is; null for anything else. */
export function tensorName(node: ArchiveNode, argument: string): string | null {
  const input = node.inputs.find(({ name }) => name === argument);
  return input?.argument.kind === "value" ? input.argument.name : null;
}

/** Adds a call of an operator that libtorch knows. */
export function addOperator(
  builder: GraphBuilder,
  scope: Scope,
  node: ArchiveNode,
  found: OperatorSchema,
): void {
  const schema = takingComplex(builder, node, differentiable(builder, found));
  const given = (argument: Argument): ArgumentSpec =>
    argument.kind === "complex"
      ? { ref: complexTensor(builder, scope, node, argument) }
      : scope.argument(argument);
  const args = new Map(node.inputs.map(({ name, argument }) => [name, given(argument)]));
  const known = new Set(schema.arguments.map(({ name }) => name));
  for (const name of args.keys()) {
    if (!known.has(name)) throw new CorruptFileError(`${node.target} has no argument "${name}"`);
  }
  const autocast = castArguments(builder, schema, args);
  const { name: operator, overload } = schema;
  const call: OperatorCall = {
    builder,
    scope,
    node,
    schema,
    operator,
    overload,
    args,
    ...(autocast && { autocast }),
  };
  if (addPublicForm(call)) return;
  if (operator === FUSED_ATTENTION && builder.expandsAttention) addAttention(call);
  else if (operator === "aten::copy") addCopy(call);
  else if (isInPlace(schema)) addInPlace(call);
  else if (changesStatistics(call)) changeStatistics(call, () => addPlain(call));
  else if (schema.arguments.some(({ writes }) => writes)) addWriting(call);
  else addPlain(call);
}

/** `_embedding_bag_forward_only` stands where a frozen model was decomposed; the other one has gradients. */
function differentiable(builder: GraphBuilder, schema: OperatorSchema): OperatorSchema {
  return (
    (schema.name === "aten::_embedding_bag_forward_only" && builder.schema("aten::_embedding_bag", "")) ||
    schema
  );
}

const FUSED_ATTENTION = "aten::scaled_dot_product_attention";

/**
 * Fused attention as visible operators. What used its result uses theirs; the fused operator stays in the graph, beside
 * the largest difference between both, and runs only when it is asked for.
 */
function addAttention(call: OperatorCall): void {
  const { builder, scope, node, args } = call;
  const [output] = node.outputs;
  const meta = output?.kind === "value" ? scope.meta(output.name) : null;
  if (!meta || output?.kind !== "value") throw new CorruptFileError("attention gives no tensor");
  const mix = expandAttention(builder, args, meta);
  const [result] = builder.newResults([meta]);
  const shared = { type: "operator", overload: "", isAdded: false } as const;
  builder.add({
    ...shared,
    type: "alias",
    operator: "",
    args: [{ ref: mix }],
    results: [result],
    local: "scaled_dot_product_attention",
    shown: `${FUSED_ATTENTION} (expanded)`,
  });
  const [fused] = builder.newResults([meta]);
  builder.add({
    ...shared,
    operator: FUSED_ATTENTION,
    args: orderedArguments(call),
    results: [fused],
    local: "fused_attention",
    shown: FUSED_ATTENTION,
  });
  const rest = builder.emit("aten::sub.Tensor", [{ ref: fused.value }, { ref: mix }], meta);
  const [difference] = builder.newResults([{ ...meta, sizes: [], strides: [] }]);
  builder.add({
    ...shared,
    operator: "aten::max",
    args: [{ ref: builder.emit("aten::abs", [{ ref: rest }], meta) }],
    results: [difference],
    local: ATTENTION_DIFFERENCE,
    shown: "aten::max",
  });
  scope.bind(output.name, new Cell(builder, result.value));
}

/** Arguments in the schema's order. */
export function orderedArguments({ schema, args }: OperatorCall): (ArgumentSpec | null)[] {
  const ordered = schema.arguments.map(({ name }) => args.get(name) ?? null);
  while (ordered.length > 0 && ordered[ordered.length - 1] === null) ordered.pop();
  return ordered;
}

interface Output {
  /** Null where the operator gives nothing. */
  name: string | null;
  part: string;
}

function outputsOf(node: ArchiveNode): Output[] {
  const name = (argument: Argument): string | null => {
    if (argument.kind === "value") return argument.name;
    if (argument.kind === "constant" && argument.value === null) return null;
    throw new UnsupportedExportError(`${node.target} gives a list among other results`);
  };
  const [first] = node.outputs;
  if (node.outputs.length === 1 && first.kind === "list") {
    return first.items.map((item, i) => ({ name: name(item), part: `sub_${i}` }));
  }
  if (node.outputs.length === 1) return [{ name: name(first), part: "" }];
  return node.outputs.map((output, i) => ({ name: name(output), part: `sub_${i}` }));
}

/** `view` runs as `reshape`: a patch's tensor may lie in memory in another order than the one it replaces. */
function runOperator({ operator, overload }: OperatorCall): string {
  return operator === "aten::view" && overload === "" ? "aten::reshape" : operator;
}

/** Adds the call as it is, and binds its results: new tensors, or views of the tensor it is given. */
function addPlain(call: OperatorCall): void {
  const { builder, scope, operator, overload } = call;
  const outputs = outputsOf(call.node);
  const results: IrResult[] = outputs.map(({ name, part }) => {
    const meta = name === null ? null : scope.meta(name);
    return {
      value: builder.newValue({ call: builder.place.call, meta }),
      part: name === null ? null : part,
      meta,
    };
  });
  const base = viewBase(call);
  builder.add({
    ...(call.autocast && { autocast: call.autocast }),
    type: "operator",
    operator: runOperator(call),
    overload,
    args: orderedArguments(call),
    results,
    local: operatorLocalName(operator.slice(operator.indexOf("::") + 2)),
    shown: overload === "" ? operator : `${operator}.${overload}`,
    isAdded: false,
  });
  outputs.forEach(({ name }, i) => {
    if (name === null) return;
    const { value, meta } = results[i];
    if (!meta) scope.bind(name, { ref: value });
    else scope.bind(name, base ? viewCell(call, base, value, meta, i) : new Cell(builder, value));
  });
}

interface ViewBase {
  cell: Cell;
  /** What it is when the operator takes it. */
  value: number;
  meta: TensorMeta;
  /** Name of the argument. */
  argument: string;
}

/** The tensor whose memory the result may share: the operator's first tensor. */
function viewBase({ node, schema, scope }: OperatorCall): ViewBase | null {
  const argument = schema.arguments[0]?.name;
  const name = argument === undefined ? null : tensorName(node, argument);
  const cell = name === null ? null : scope.cell(name);
  const meta = name === null ? null : scope.meta(name);
  return cell && meta && argument !== undefined ? { cell, value: cell.read(), meta, argument } : null;
}

function viewCell(call: OperatorCall, base: ViewBase, value: number, meta: TensorMeta, part: number): Cell {
  const { builder, schema, operator, overload, args, node } = call;
  const view = { builder, operator, overload, args, from: base.meta, to: meta, part };
  const write = viewWrite(view, schema.returnsAliases.some(Boolean));
  if (!write) return new Cell(builder, value);
  const given = args.get(base.argument);
  if (isIdentity(write) && given && "ref" in given) builder.identities.set(value, given.ref);
  const share = (from: number, to: number): number => {
    if (builder.ofConstants.has(from)) builder.ofConstants.add(to);
    return to;
  };
  if (given && "ref" in given) share(given.ref, value);
  const { place } = builder;
  const count = outputsOf(node).length;
  const derive = (source: number): number => {
    const again = new Map(args).set(base.argument, { ref: source });
    const results = builder.newResults(Array.from({ length: count }, () => meta));
    builder.add({
      type: "operator",
      operator: runOperator(call),
      overload,
      args: orderedArguments({ ...call, args: again }),
      results,
      local: operatorLocalName(operator.slice(operator.indexOf("::") + 2)),
      shown: overload === "" ? operator : `${operator}.${overload}`,
      isAdded: true,
    });
    return share(source, results[part].value);
  };
  const rule = {
    // Taken again where it is read, but by the model's line that took it.
    derive: (source: number) => builder.at({ frames: place.frames }, () => derive(source)),
    write: (source: number, content: number) => write(view, source, content),
  };
  return new Cell(builder, value, { base: base.cell, baseThen: base.value, rule });
}

/**
 * Operators that change arguments beside their result (`out=`, statistics): they change copies, and whoever reads the
 * changed tensor later is refused.
 */
function addWriting(call: OperatorCall): void {
  const { builder, scope, node, schema, args } = call;
  for (const { name: argument, writes } of schema.arguments) {
    const name = tensorName(node, argument);
    const cell = writes && name !== null ? scope.cell(name) : null;
    if (!cell || name === null) continue;
    args.set(argument, { ref: builder.emit("aten::clone", [{ ref: cell.read() }], scope.meta(name)) });
    cell.lose(
      new UnsupportedExportError(
        `the model uses a tensor after ${node.target} has changed it in place, which this package has no rule for; run ep = ep.run_decompositions() before saving it`,
      ),
    );
  }
  addPlain(call);
}
