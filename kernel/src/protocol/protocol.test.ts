import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCatalogMessage, isCatalogRequest, isView, type View } from ".";

const node = {
  name: "a.b",
  kind: "operator",
  operator: "aten::add.Tensor",
  shape: [1],
  dtype: "float32",
  module: "a",
  moduleType: "A",
  code: null,
};
const snapshot = { type: "snapshot", graphs: [{ id: "g", label: "M", nodes: [node] }] };
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
    expect(isCatalogMessage(snapshot)).toBe(true);
    expect(isCatalogMessage({ type: "graph-added", graph: snapshot.graphs[0] })).toBe(true);
    expect(isCatalogMessage({ type: "graph-removed", id: "g" })).toBe(true);
    expect(isCatalogMessage({ type: "patched", id: "g", patched: ["a"], probed: [] })).toBe(true);
    expect(isCatalogRequest({ type: "resync" })).toBe(true);
    expect(isView(view)).toBe(true);
  });

  it("refuse a message with any place of a wrong type", () => {
    fc.assert(
      fc.property(damaged(view, true), damaged(snapshot, true), (badView, badSnapshot) => {
        expect(isView(badView)).toBe(false);
        expect(isCatalogMessage(badSnapshot)).toBe(false);
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
