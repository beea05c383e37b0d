import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeGraph, isCatalogMessage, isCatalogRequest, isView, type View } from ".";

const node = {
  name: "a.b",
  kind: "operator",
  operator: "aten::add.Tensor",
  shape: [1],
  dims: ["batch"],
  dtype: "float32",
  device: "cpu",
  module: "a",
  moduleType: "A",
  code: null,
} as const;
const graph = encodeGraph({
  id: "g",
  label: "M",
  nodes: [
    { ...node, inputs: [] },
    { ...node, name: "a.c", inputs: [0] },
  ],
  aliases: [["hook", 1]],
  schemas: [["aten::add.Tensor", "aten::add.Tensor(Tensor self)"]],
});
const snapshot = { type: "snapshot", graphs: [graph] };
const statistics = { min: null, max: 1, mean: 0, std: 1, nan: 0, inf: 0 };
const messages = [
  snapshot,
  { type: "graph-added", graph },
  { type: "graph-removed", id: "g" },
  {
    type: "ran",
    id: "g",
    marks: [{ node: "a.b", patches: [{ patch: "ZeroPatch", fired: true, maxChange: "1" }], isProbed: true }],
  },
  { type: "probes", id: "g", probes: [{ node: "a.b", runs: 2 }] },
  { type: "value", id: "g", node: "a.b", value: { shape: [1], dtype: "float32", statistics } },
  { type: "picture", id: "g", node: "a.b", runs: 1, bundle: null },
  { type: "refused", id: "g", node: "a.b", message: "no" },
];
const view: View = {
  kind: "activation",
  node: "a",
  shape: [1, 2],
  dtype: "float32",
  dims: ["token", "hidden"],
  tokens: ["x"],
  statistics: { min: null, max: 1, mean: 0, std: 1, nan: 0, inf: 0 },
  truncated: null,
  clip: null,
};

/** `value` with one place replaced by `other`. */
function damaged(value: unknown, other: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== "object" || value === null) return fc.constant(other);
  const keys = Object.keys(value) as (keyof typeof value)[];
  return fc.constantFrom(...keys).chain((key) =>
    fc.oneof(fc.constant(other), damaged(value[key], other)).map((part) => {
      const copy = structuredClone(value);
      copy[key] = part as never;
      return copy;
    }),
  );
}

describe("validators", () => {
  it("accept what the kernel sends", () => {
    for (const message of messages) expect(isCatalogMessage(message), message.type).toBe(true);
    for (const type of ["probe", "unprobe", "picture", "value"]) {
      expect(isCatalogRequest({ type, id: "g", node: "a.b" })).toBe(true);
      expect(isCatalogRequest({ type, id: "g" })).toBe(false);
    }
    expect(isCatalogRequest({ type: "resync" })).toBe(true);
    expect(isView(view)).toBe(true);
  });

  it("refuse a message with any place of a wrong type", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<object[]>(...messages).chain((message) => damaged(message, Symbol("other"))),
        (bad) => {
          expect(isCatalogMessage(bad)).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(damaged(view, true), (badView) => {
        expect(isView(badView)).toBe(false);
      }),
    );
  });

  it("answer for anything at all", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const check of [isCatalogMessage, isCatalogRequest, isView])
          expect(typeof check(value)).toBe("boolean");
      }),
    );
  });
});
