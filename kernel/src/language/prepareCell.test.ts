import { expect, it } from "vitest";
import { annotateAny, prepareCell } from "./prepareCell";

it("takes `export` for nothing, without moving anything", () => {
  expect(prepareCell("export const a = 1;\nexport class B {}")).toBe(
    "       const a = 1;\n       class B {}",
  );
  expect(prepareCell('"export"; 1')).toBe('"export"; 1');
});

it("tells an imported module its type", () => {
  expect(prepareCell('const fs = await import("fs")')).toBe(
    'const fs: typeof import("fs") = await import("fs")',
  );
  expect(prepareCell('const { a } = await import("fs")')).toBe('const { a } = await import("fs")');
});

it("annotates the named variables only", () => {
  expect(annotateAny("const a = f(), b = g()", new Set(["b"]))).toBe("const a = f(), b: any = g()");
  expect(annotateAny("const { a } = f()", new Set(["a"]))).toBeNull();
});
