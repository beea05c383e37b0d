import { describe, expect, it } from "vitest";
import { insertName, quoted } from "./insertion";

const NAME = "transformer.h_17.mlp.act.mul_3";

/** Inserts at `|`, or over what stands between two of them; shows the cursor as `|`. */
function insert(marked: string, name = NAME): string {
  const parts = marked.split("¦");
  const source = parts.join("");
  const from = parts[0].length;
  const to = parts.length > 2 ? from + parts[1].length : from;
  const change = insertName(source, from, to, name);
  const text = source.slice(0, change.from) + change.text + source.slice(change.to);
  return `${text.slice(0, change.cursor)}¦${text.slice(change.cursor)}`;
}

describe("inserting a name", () => {
  it.each([
    ["x = ¦;", `x = "${NAME}"¦;`],
    ["¦", `"${NAME}"¦`],
    [`pg.patch({ "¦" })`, `pg.patch({ "${NAME}"¦ })`],
    [`pg.patch({ "transformer.h_1¦7.mlp" })`, `pg.patch({ "${NAME}"¦ })`],
    [`pg.patch({ 'old¦': x })`, `pg.patch({ '${NAME}'¦: x })`],
    ["pg.nodes.get(`old.¦name`)", `pg.nodes.get(\`${NAME}\`¦)`],
    [`a("¦old.name¦")`, `a("${NAME}"¦)`],
    [`a(¦old¦)`, `a("${NAME}"¦)`],
  ])("%s", (before, after) => {
    expect(insert(before)).toBe(after);
  });

  it("stands outside a literal before and after it", () => {
    expect(insert(`¦"a"`)).toBe(`"${NAME}"¦"a"`);
    expect(insert(`"a"¦`)).toBe(`"a""${NAME}"¦`);
  });

  it("closes a literal that breaks off, and leaves the rest of its line", () => {
    expect(insert(`pg.patch({ "model.lay¦`)).toBe(`pg.patch({ "${NAME}"¦`);
    expect(insert(`pg.patch({ "model.¦lay: probe })\nnext()`)).toBe(
      `pg.patch({ "${NAME}"¦: probe })\nnext()`,
    );
  });

  it("does not mistake quotes in comments, regular expressions, escapes and templates", () => {
    expect(insert(`// don't\nf(¦)`)).toBe(`// don't\nf("${NAME}"¦)`);
    expect(insert(`/* it's */ f(¦)`)).toBe(`/* it's */ f("${NAME}"¦)`);
    expect(insert(`a.replace(/"/g, b); f(¦)`)).toBe(`a.replace(/"/g, b); f("${NAME}"¦)`);
    expect(insert(`x = 4 / 2 / 1; f(¦)`)).toBe(`x = 4 / 2 / 1; f("${NAME}"¦)`);
    expect(insert(`f("a\\"b"); g(¦)`)).toBe(`f("a\\"b"); g("${NAME}"¦)`);
    expect(insert(`\`a\${f("}")}b\`; g(¦)`)).toBe(`\`a\${f("}")}b\`; g("${NAME}"¦)`);
    expect(insert(`\`a\${f(¦)}b\``)).toBe(`\`a\${f("${NAME}"¦)}b\``);
    expect(insert(`\`a\${f("x¦")}b\``)).toBe(`\`a\${f("${NAME}"¦)}b\``);
  });

  it("writes the bare name into a comment", () => {
    expect(insert("// see ¦")).toBe(`// see ${NAME}¦`);
    expect(insert("/* see ¦ */")).toBe(`/* see ${NAME}¦ */`);
    expect(insert("/* ¦ */", "*/ evil()")).toBe("/* *\\/ evil()¦ */");
    expect(insert("// ¦", "a\nevil()")).toBe("// a\\u000aevil()¦");
  });

  it.each([
    [`x"; evil(); "`, `f("¦")`],
    ["x'; evil(); '", "f('¦')"],
    [`x\`; evil(); \`\${evil()}`, "f(`¦`)"],
    ["back\\slash", `f("¦")`],
    ["line\nend\u2028\u202e", "f(¦)"],
    ["half \ud800 pair 🙂", "f(¦)"],
  ])("cannot be left by the name %j", (name, place) => {
    const call = insert(place, name).replace("¦", "");
    const value: unknown = new Function("f", "evil", `return ${call}`)(
      (argument: unknown) => argument,
      () => {
        throw new Error("ran");
      },
    );
    expect(value).toBe(name);
  });

  it("quotes a name for the clipboard", () => {
    expect(quoted('a"b')).toBe('"a\\"b"');
  });
});
