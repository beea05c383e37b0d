import { expect, it } from "vitest";
import { keepOldValues, liveVariables } from "./liveVariables";

it("exports variables that functions use, and leaves the others local", () => {
  const { code, shifts } = liveVariables(
    "let a = 1, b = 2;\nconst f = () => a;\nlet c = 3;\nexport { a, b, f, c }",
  );
  expect(code).toBe("export let a = 1, b = 2;\nconst f = () => a;\nlet c = 3;\nexport { f, c }");
  expect(shifts).toEqual([{ line: 0, length: 7 }]);
});

it("follows destructuring and classes", () => {
  const { code } = liveVariables(
    "let { x: [a], ...b } = y;\nclass C { m() { return b } }\nexport { a, b, C }",
  );
  expect(code).toBe("export let { x: [a], ...b } = y;\nclass C { m() { return b } }\nexport { C }");
});

it("leaves constants and cells without functions alone", () => {
  for (const code of [
    "const a = 1;\nconst f = () => a;\nexport { a, f }",
    "let a = 1;\na++;\nexport { a }",
    "f(1)",
  ]) {
    expect(liveVariables(code).code).toBe(code);
  }
});

it("resets only the variables that are declared without a value", () => {
  const { unset } = liveVariables("let a;\nlet b = 1;\nexport { a, b }");
  expect(keepOldValues('"use strict";\nexports.b = exports.a = void 0;\nlet a;', unset)).toBe(
    '"use strict";\nexports.a = void 0;\nlet a;',
  );
});
