import ts from "typescript";

/** A method as it is called, and what it is called on. `pg.sweep.plan(…)` takes what `pg.sweep(…)` does. */
export function graphMethod({ expression: receiver, name }: ts.PropertyAccessExpression): {
  receiver: ts.Expression;
  method: string;
} {
  const isPlan =
    name.text === "plan" && ts.isPropertyAccessExpression(receiver) && receiver.name.text === "sweep";
  return isPlan ? { receiver: receiver.expression, method: "sweep" } : { receiver, method: name.text };
}
