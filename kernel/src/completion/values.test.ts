import ts from "typescript";
import { expect, it } from "vitest";
import { parse } from "./stringPlace";
import { possibleValues } from "./values";

const [one, two] = [{ id: 1 }, { id: 2 }];
const touched: string[] = [];
const variables = {
  one,
  two,
  list: [one, two],
  held: {
    inner: { two },
    get trap() {
      return touched.push("getter");
    },
  },
};

/** What `meant` in the code can be. */
function meant(code: string): unknown[] {
  let found: ts.Expression | null = null;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === "use") found = node.arguments[0];
    ts.forEachChild(node, visit);
  };
  visit(parse(code));
  if (!found) throw new Error("the code has no use(…)");
  return possibleValues(found, variables, (value, key) => Object.getOwnPropertyDescriptor(value, key)?.value);
}

it.each([
  ["use(one)", [one]],
  ["use(held.inner.two)", [two]],
  ["use(list[1])", [two]],
  ["use(list[i])", [one, two]],
  ["use(flag ? one : two)", [one, two]],
  ["use((await one)!)", [one]],
  ["for (const g of list) use(g)", [one, two]],
  ["for (const g of [two]) { use(g) }", [two]],
  ["const g = list[0]; use(g)", [one]],
  ["function f(g: typeof two) { use(g) }", [two]],
  ["function f(one: Graph) { use(one) }", []],
  ["(one) => use(one)", []],
  ["const one = two; use(one)", [two]],
  ["const one = await make(); use(one)", [one]],
  ["{ const one = make(); use(one) }", []],
  ["use(make())", []],
  ["use(nothing)", []],
])("%s", (code, expected) => {
  expect(meant(code)).toEqual(expected);
});

it("runs no code of the user's", () => {
  expect(meant("use(held.trap)")).toEqual([]);
  expect(touched).toEqual([]);
});
