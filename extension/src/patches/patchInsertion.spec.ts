import { describe, expect, it } from "vitest";
import { PATCH_KINDS, patchExpression } from "./patchCode";
import { insertPatch } from "./patchInsertion";

const node = { shape: [1, 13, 576] };
const zero = { kind: "zero", slices: [":", "-1", ""] } as const;

/** The source with `¦` for the cursor, after the patch was written. */
function written(marked: string, choice: Parameters<typeof insertPatch>[5] = zero): string {
  const at = marked.indexOf("¦");
  const source = marked.replace("¦", "");
  const { from, to, text, cursor } = insertPatch(source, at, at, "a.b", node, choice);
  const after = source.slice(0, from) + text + source.slice(to);
  return `${after.slice(0, cursor)}¦${after.slice(cursor)}`;
}

describe("a patch as code", () => {
  it("has a slice only where one is asked for", () => {
    expect(patchExpression(zero, node)).toBe('new ZeroPatch({ slice: ":, -1" })');
    expect(patchExpression({ kind: "zero", slices: [":", " ", ":"] }, node)).toBe("new ZeroPatch()");
    expect(patchExpression({ kind: "add", slices: ["0"] }, node)).toBe(
      'new AddPatch({ value: torch.zeros([576]), slice: "0" })',
    );
  });

  it("exists for every kind", () => {
    for (const kind of PATCH_KINDS) {
      expect(patchExpression({ kind, slices: [] }, node)).toMatch(/^new [A-Z]\w+Patch\(.*\)$/);
      expect(patchExpression({ kind, slices: [] }, { shape: null })).not.toMatch(/undefined|NaN/);
    }
  });
});

describe("writing a patch", () => {
  const entry = '"a.b": new ZeroPatch({ slice: ":, -1" })';

  it("adds an entry among other patches, with the commas it needs", () => {
    expect(written("pg.patch({ ¦ }, f)")).toBe(`pg.patch({ ${entry}¦ }, f)`);
    expect(written("pg.patch({¦}, f)")).toBe(`pg.patch({ ${entry} ¦}, f)`);
    expect(written('pg.patch({ "x": y¦ }, f)')).toBe(`pg.patch({ "x": y, ${entry}¦ }, f)`);
    expect(written('pg.patch({ ¦"x": y }, f)')).toBe(`pg.patch({ ${entry}, ¦"x": y }, f)`);
    expect(written("pg.patch(¦)")).toBe(`pg.patch({ ${entry} }¦)`);
  });

  it("takes the place of a name that was begun", () => {
    expect(written('pg.patch({ "a.¦" }, f)')).toBe(`pg.patch({ ${entry}¦ }, f)`);
    expect(written('pg.patch({ "x¦": y }, f)')).toBe(`pg.patch({ ${entry}, ¦"x": y }, f)`);
  });

  it("writes a whole run on an empty line, and the patch alone elsewhere", () => {
    expect(written("¦")).toBe(
      `const patched = await pg.patch(\n  { ${entry} },\n  () => pg.run(inputs),\n);¦`,
    );
    expect(written("let x = 1;\n¦\n", { kind: "probe", slices: [] })).toBe(
      'let x = 1;\nconst probe = new ProbePatch();\nawait pg.patch({ "a.b": probe }, () => pg.run(inputs));\nprobe.activation¦\n',
    );
    expect(written("const p = ¦;")).toBe('const p = new ZeroPatch({ slice: ":, -1" })¦;');
    expect(written('f("x¦")')).toBe('f("a.b"¦)');
    // Brackets in texts and comments count for nothing.
    expect(written('g("patch({"); /* patch({ */ const p = ¦')).toContain("const p = new ZeroPatch");
  });

  it("cannot be broken out of by a name", () => {
    const { text } = insertPatch("pg.patch({ })", 11, 11, '"}); hacked(); ({"', node, zero);
    expect(text).toContain('"\\"}); hacked(); ({\\"": new ZeroPatch');
  });
});
