import { expect, it } from "vitest";
import { keptDeclarations } from "./keptDeclarations";

const setNames =
  (...names: string[]) =>
  (name: string) =>
    names.includes(name);

it("keeps what a failed cell came to set, and its types", () => {
  const after = "declare const a: 1, b: string;\ninterface I {\n    x: number;\n}\ndeclare class C {\n}\n";
  expect(keptDeclarations("", after, setNames("a"))).toBe(
    "declare const a: 1;\ninterface I {\n    x: number;\n}\n",
  );
});

it("leaves a variable it did not come to as it was", () => {
  const before = 'declare let a: number;\nimport { f, g } from "m";\n';
  const after = 'declare let a: string, f: 1;\nimport { g } from "m";\n';
  expect(keptDeclarations(before, after, setNames())).toBe(
    'declare let a: number;\nimport { f } from "m";\nimport { g } from "m";\n',
  );
});
