import { expect, it } from "vitest";
import { type StringPlace, stringAt } from "./stringPlace";

function at(marked: string): StringPlace | null {
  return stringAt(marked.replace("¦", ""), marked.indexOf("¦"));
}

it("replaces up to the closing quote, and to the cursor where there is none", () => {
  expect(at('pg.patch({ "a.b¦c": 1 })')).toMatchObject({ start: 12, end: 16, prefix: "a.b" });
  expect(at('pg.patch({ "a.b¦\n')).toMatchObject({ start: 12, end: 15, prefix: "a.b" });
});

it("finds nothing outside of strings", () => {
  expect(at("pg.patch¦({})")).toBeNull();
  expect(at('"done"¦')).toBeNull();
});

it.each([
  ['pg.patch({ "¦" })', "node", "pg"],
  ['pg.patch({ "¦', "node", "pg"],
  ['graphs[0].patch({ "x": [], "¦": new ZeroPatch() })', "node", "graphs[0]"],
  ['pg.run(x, { outputs: ["¦"] })', "node", "pg"],
  ['pg.node("¦")', "node", "pg"],
  ['pg.nodes.get("¦")', "own", "pg"],
  ['pg.nodes["¦"]', "own", "pg"],
  ['pg.aliases.has("¦")', "alias", "pg"],
  ['pg.graph.h["¦"]', "child", "pg.graph.h"],
  ['pg.sweep({ cells: [[{ "¦": p }]] })', "node", "pg"],
  ['pg.sweep({ cells: layers.map((l) => ({ "¦": new AddPatch({ value: l }) })) })', "node", "pg"],
  ['pg.sweep.plan({ base: { "¦": p } })', "node", "pg"],
  ['pg.sweep({ outputs: ["¦"] })', "node", "pg"],
  ['const patches = { "¦": [new ZeroPatch()] }', "node", undefined],
  ['const patches: PatchMap = { "¦" }', "node", undefined],
])("%s takes a name: %s of %s", (marked, expected, receiver) => {
  const place = at(marked);
  expect(place?.expected).toBe(expected);
  expect(place?.receiver?.getText()).toBe(receiver);
});

it.each([
  'pg.patch({ a: { "¦": 1 } })',
  'pg.run("¦")',
  'map.get("¦")',
  'console.log("¦")',
  'pg.patch({ "x": new ZeroPatch({ slice: "¦" }) })',
  'pg.sweep({ cells: [{ "x": new AddPatch({ "¦": 1 }) }] })',
  'pg.sweep({ axes: ["¦"] })',
  'const settings = { "¦": 1 }',
])("%s takes anything", (marked) => {
  expect(at(marked)?.expected).toBeNull();
});

it("names what stands beside it", () => {
  expect(at('pg.patch({ "x": 1, "¦": 2 })')?.siblings).toEqual(["x"]);
  expect(at('pg.run(inputs, { outputs: ["x", "¦"] })')?.siblings).toEqual(["x"]);
});
