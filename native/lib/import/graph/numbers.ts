import { UnsupportedExportError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { NumberOperator } from "../../graph/symInt";
import type { ArchiveNode } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import type { Scope } from "./scope";

/** Adds arithmetic on sizes: `_operator.mul`, `torch.sym_max`, `aten.sym_size.int`. */
export function addNumber(
  builder: GraphBuilder,
  scope: Scope,
  node: ArchiveNode,
  operator: NumberOperator,
): void {
  const [output] = node.outputs;
  if (output?.kind !== "value") throw new UnsupportedExportError(`${node.target} gives no number`);
  const args = node.inputs.flatMap(({ argument }): ArgumentSpec[] => {
    const spec = scope.argument(argument);
    return "list" in spec ? spec.list : [spec];
  });
  const [result] = builder.newResults([null]);
  builder.add({
    type: "number",
    operator,
    overload: "",
    args,
    results: [result],
    local: operator,
    shown: operator === "size" ? "aten::sym_size.int" : `sym::${operator}`,
    isAdded: false,
  });
  scope.bind(output.name, { ref: result.value });
}

function addGuard(builder: GraphBuilder, condition: ArgumentSpec, message: string): void {
  if ("constant" in condition) return;
  builder.add({
    type: "guard",
    operator: "",
    overload: "",
    args: [condition],
    results: [],
    local: "guard",
    shown: "guard",
    isAdded: true,
    expected: 1,
    message,
  });
}

type Check = (builder: GraphBuilder, argument: (name: string) => ArgumentSpec) => void;

/** A range that export has found or been told of. */
const rangeCheck: Check = (builder, argument) => {
  const number = argument(numberArgument(argument));
  for (const [bound, operator, words] of [
    ["min", "ge", "at least"],
    ["max", "le", "at most"],
  ] as const) {
    const limit = argument(bound);
    if (!("constant" in limit) || limit.constant === null) continue;
    const condition = builder.emitNumber(operator, [number, limit]);
    addGuard(builder, condition, `a number the model computes must be ${words} ${limit.constant}`);
  }
};

function numberArgument(argument: (name: string) => ArgumentSpec): string {
  const size = argument("size");
  return "constant" in size && size.constant === null ? "self" : "size";
}

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  [
    "aten::_assert_scalar",
    (builder, argument) => {
      const message = argument("assert_msg");
      const text = "constant" in message ? String(message.constant) : "";
      addGuard(builder, argument("self"), text);
    },
  ],
  ["aten::sym_constrain_range", rangeCheck],
  ["aten::sym_constrain_range_for_size", rangeCheck],
  [
    "aten::_assert_async",
    (builder, argument) => {
      const message = argument("assert_msg");
      const text =
        "constant" in message && message.constant !== null ? String(message.constant) : "an assertion fails";
      addGuard(builder, { ref: builder.emit("aten::item", [argument("self")], null) }, text);
    },
  ],
  // Dtypes and devices were right when the model was exported; a patch may change the former on purpose.
  ["aten::_assert_tensor_metadata", () => undefined],
]);

/** Adds the guard that an assertion of the exported graph is; false if the operator is none. */
export function addCheck(builder: GraphBuilder, scope: Scope, node: ArchiveNode, operator: string): boolean {
  const check = CHECKS.get(operator);
  if (!check) return false;
  check(builder, (name) => {
    const input = node.inputs.find((candidate) => candidate.name === name);
    return input ? scope.argument(input.argument) : { constant: null };
  });
  return true;
}
