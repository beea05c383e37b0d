import type { NumberOperator } from "../../graph/symInt";

/** What a node of an archive calls. */
export type Target =
  | { kind: "operator"; operator: string; overload: string }
  | { kind: "higherOrder"; name: string }
  | { kind: "number"; operator: NumberOperator }
  | { kind: "unknown" };

/** Python functions on sizes, and the operators of numbers that they are here. */
const NUMBER_FUNCTIONS: ReadonlyMap<string, NumberOperator> = new Map<string, NumberOperator>([
  ["add", "add"],
  ["sub", "sub"],
  ["mul", "mul"],
  ["floordiv", "floordiv"],
  ["truediv", "truediv"],
  ["mod", "mod"],
  ["pow", "pow"],
  ["neg", "neg"],
  ["pos", "pos"],
  ["eq", "eq"],
  ["ne", "ne"],
  ["lt", "lt"],
  ["le", "le"],
  ["gt", "gt"],
  ["ge", "ge"],
  ["and_", "and"],
  ["or_", "or"],
  ["lshift", "lshift"],
  ["rshift", "rshift"],
  ["trunc", "trunc"],
  ["floor", "floor"],
  ["ceil", "ceil"],
  ["round", "round"],
  ["sym_not", "not"],
  ["sym_int", "trunc"],
  ["sym_float", "float"],
  ["sym_ite", "ite"],
  ["sym_max", "max"],
  ["sym_min", "min"],
  ["sym_sqrt", "sqrt"],
  ["sym_sum", "sum"],
]);

/** Operators that give a number of a tensor's shape. */
const SHAPE_OPERATORS: ReadonlyMap<string, NumberOperator> = new Map<string, NumberOperator>([
  ["aten::sym_size.int", "size"],
  ["aten::sym_stride.int", "stride"],
  ["aten::sym_numel.", "numel"],
  ["aten::sym_storage_offset.", "storage_offset"],
]);

/** Reads `torch.ops.aten.add.Tensor`, `torch.ops.higher_order.cond`, `_operator.mul`, `torch.sym_max`. */
export function parseTarget(target: string): Target {
  const higherOrder = /^torch\.ops\.higher_order\.(\w+)$/.exec(target);
  if (higherOrder) return { kind: "higherOrder", name: higherOrder[1] };
  const operator = /^torch\.ops\.(\w+)\.(\w+)\.(\w+)$/.exec(target);
  if (operator) {
    const [, namespace, name, overload] = operator;
    const qualified = `${namespace}::${name}`;
    const named = overload === "default" ? "" : overload;
    const shape = SHAPE_OPERATORS.get(`${qualified}.${named}`);
    return shape
      ? { kind: "number", operator: shape }
      : { kind: "operator", operator: qualified, overload: named };
  }
  const [module, name] = [
    target.slice(0, target.lastIndexOf(".")),
    target.slice(target.lastIndexOf(".") + 1),
  ];
  const isKnown = ["_operator", "operator", "math", "torch", "builtins"].includes(module);
  const number = isKnown ? NUMBER_FUNCTIONS.get(name.replace(/^_sym_/, "sym_")) : undefined;
  return number ? { kind: "number", operator: number } : { kind: "unknown" };
}
