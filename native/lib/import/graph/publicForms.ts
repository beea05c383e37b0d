import { CorruptFileError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { TensorMeta } from "../archive/schema";
import { Cell } from "./cells";
import { type OperatorCall, tensorName } from "./operators";

type Emit = (name: string, ...args: ArgumentSpec[]) => void;
type PublicForm = (call: OperatorCall, emit: Emit) => void;

/**
 * Operators internal to PyTorch that end the process when a file gives them odd arguments, as the public operators that
 * check theirs: the values are the same, gradients too.
 */
const FORMS: ReadonlyMap<string, PublicForm> = new Map<string, PublicForm>([
  ["aten::_weight_norm", weightNorm],
  ["aten::_fft_r2c", realToComplex],
  ["aten::_fft_c2c", complexToComplex],
  ["aten::_fft_c2r", complexToReal],
]);

/** Adds the public form of an internal operator; false if it needs none. */
export function addPublicForm(call: OperatorCall): boolean {
  const form = FORMS.get(call.operator);
  if (!form) return false;
  const { builder, scope, node, operator } = call;
  const [output] = node.outputs;
  const meta = output?.kind === "value" ? scope.meta(output.name) : null;
  if (!meta || output?.kind !== "value") throw new CorruptFileError(`${node.target} gives no tensor`);
  form(call, (name, ...args) => {
    const [publicName, overload = ""] = name.split(".");
    const results = builder.newResults([meta]);
    builder.add({
      type: "operator",
      operator: publicName,
      overload,
      args,
      results,
      local: operator.slice("aten::".length),
      shown: name,
      isAdded: false,
    });
    scope.bind(output.name, new Cell(builder, results[0].value));
  });
  return true;
}

function required({ args, node }: OperatorCall, name: string): ArgumentSpec {
  return args.get(name) ?? fail(`${node.target} has no argument "${name}"`);
}

function fail(problem: string): never {
  throw new CorruptFileError(problem);
}

function plainNumber(call: OperatorCall, name: string, missing?: number): number {
  const spec = call.args.get(name);
  if (!spec && missing !== undefined) return missing;
  if (!spec || !("constant" in spec)) return fail(`${call.node.target}: ${name} must be a plain number`);
  return Number(spec.constant);
}

function metaOf(call: OperatorCall, name: string): TensorMeta {
  const tensor = tensorName(call.node, name);
  return (
    (tensor === null ? null : call.scope.meta(tensor)) ?? fail(`${call.node.target}: ${name} is no tensor`)
  );
}

/** v · g / |v|, the norm over all dimensions but `dim`; over all for -1. */
function weightNorm(call: OperatorCall, emit: Emit): void {
  const { builder } = call;
  const [v, g] = [required(call, "v"), required(call, "g")];
  const meta = metaOf(call, "v");
  const dim = plainNumber(call, "dim", 0);
  const others = meta.sizes.flatMap((_, i) => (i === dim ? [] : [{ constant: i }]));
  const two = { constant: 2 };
  const sizes = meta.sizes.map((size, i) => (i === dim ? size : 1));
  const norm = builder.emit("aten::norm.ScalarOpt_dim", [v, two, { list: others }, { constant: true }], {
    ...meta,
    sizes,
    strides: sizes.map(() => 1),
  });
  const scale = builder.emit("aten::div.Tensor", [g, { ref: norm }], metaOf(call, "g"));
  emit("aten::mul.Tensor", v, { ref: scale });
}

/** `fft_norm_mode` of ATen/native/SpectralOpsUtils.h: none, by the root of the number of elements, by the number. */
const FORWARD = ["backward", "ortho", "forward"] as const;
/** A transform back divides where one forth does not. */
const BACK = ["forward", "ortho", "backward"] as const;

function norm(call: OperatorCall, names: readonly string[]): ArgumentSpec {
  const mode = names[plainNumber(call, "normalization")];
  return mode === undefined ? fail(`${call.node.target}: an unknown normalization`) : { constant: mode };
}

const ALL = { constant: null };

function realToComplex(call: OperatorCall, emit: Emit): void {
  const onesided = required(call, "onesided");
  const half = "constant" in onesided && onesided.constant === true;
  emit(
    half ? "aten::fft_rfftn" : "aten::fft_fftn",
    required(call, "self"),
    ALL,
    required(call, "dim"),
    norm(call, FORWARD),
  );
}

function complexToComplex(call: OperatorCall, emit: Emit): void {
  const forward = required(call, "forward");
  const isForward = "constant" in forward && forward.constant === true;
  emit(
    isForward ? "aten::fft_fftn" : "aten::fft_ifftn",
    required(call, "self"),
    ALL,
    required(call, "dim"),
    norm(call, isForward ? FORWARD : BACK),
  );
}

function complexToReal(call: OperatorCall, emit: Emit): void {
  const [self, dim, last] = [required(call, "self"), required(call, "dim"), required(call, "last_dim_size")];
  if (!("list" in dim) || dim.list.length === 0 || "list" in last) {
    return fail(`${call.node.target}: its dimensions must be a list, and its last size a number`);
  }
  // -1: the size that the dimension has.
  const sizes = dim.list.map((_, i) => (i === dim.list.length - 1 ? last : { constant: -1 }));
  emit("aten::fft_irfftn", self, { list: sizes }, dim, norm(call, BACK));
}
