import { CorruptFileError, UnsupportedExportError } from "../../errors";
import type { ArchiveNode, Argument, ValueArgument } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { Cell } from "./cells";
import type { Scope } from "./scope";

/** Adds a call of an operator that has a TypeScript implementation, on its arguments in their order. */
export function addJavascriptCall(
  builder: GraphBuilder,
  scope: Scope,
  node: ArchiveNode,
  operator: string,
): void {
  const outputs = node.outputs
    .flatMap((output): Argument[] => (output.kind === "list" ? output.items : [output]))
    .map((output): ValueArgument => {
      if (output.kind !== "value")
        throw new CorruptFileError(`${operator} gives something that is no tensor`);
      return output;
    });
  const metas = outputs.map(({ name }) => scope.meta(name));
  if (metas.includes(null)) {
    throw new UnsupportedExportError(
      `${operator} gives a number; operators written in TypeScript give tensors`,
    );
  }
  const results = builder.newResults(metas);
  builder.add({
    type: "javascript",
    operator,
    overload: "",
    args: node.inputs.map(({ argument }) => scope.argument(argument)),
    results,
    local: operator.slice(operator.indexOf("::") + 2),
    shown: operator,
    isAdded: false,
  });
  outputs.forEach(({ name }, i) => {
    scope.bind(name, new Cell(builder, results[i].value));
  });
}
