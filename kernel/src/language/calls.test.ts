import { expect, it } from "vitest";
import { type StringPlace, stringAt } from "./calls";

function at(marked: string): StringPlace | null {
  return stringAt(marked.replace("¦", ""), marked.indexOf("¦"));
}

it("replaces up to the closing quote, and to the cursor where there is none", () => {
  expect(at('pg.patch({ "a.b¦c": 1 })')).toMatchObject({ start: 12, end: 16, prefix: "a.b" });
  expect(at('pg.patch({ "a.b¦\n')).toMatchObject({ start: 12, end: 15, prefix: "a.b" });
});

it("tells the call, the role and the property", () => {
  expect(at('pg.patch({ "x": 1, "¦": 2 })')).toMatchObject({
    call: { receiver: "pg", method: "patch" },
    role: "key",
    argument: 0,
    siblings: ["x"],
  });
  expect(at('pg.run(inputs, { outputs: ["x", "¦"] })')).toMatchObject({
    role: "element",
    property: "outputs",
    argument: 1,
    siblings: ["x"],
  });
  expect(at('pg.patch({ "x": new ZeroPatch({ slice: "¦" }) })')).toMatchObject({
    call: { method: "ZeroPatch" },
    property: "slice",
  });
});

it("finds nothing outside of strings", () => {
  expect(at("pg.patch¦({})")).toBeNull();
  expect(at('"done"¦')).toBeNull();
});
