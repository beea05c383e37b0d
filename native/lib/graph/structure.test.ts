import vm from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flatten, unflatten } from "./structure";

class Leaf {
  constructor(readonly id: number) {}
}
const isLeaf = (value: unknown): value is Leaf => value instanceof Leaf;

describe("flatten", () => {
  it("names the parts of tuples and dictionaries", () => {
    const value = [new Leaf(0), { logits: new Leaf(1), past: [new Leaf(2)], flag: true }, null];
    const { leaves } = flatten(value, isLeaf);
    expect(leaves.map(({ path, value }) => [path, value.id])).toEqual([
      ["sub_0", 0],
      ["sub_1.logits", 1],
      ["sub_1.past.sub_0", 2],
    ]);
  });

  it("takes objects of another realm apart, and class instances not", () => {
    const foreign = vm.runInNewContext("(leaf) => ({ a: leaf, b: [leaf] })")(new Leaf(7));
    expect(flatten(foreign, isLeaf).leaves.map(({ path }) => path)).toEqual(["a", "b.sub_0"]);
    class Opaque {
      readonly leaf = new Leaf(1);
    }
    expect(flatten(new Opaque(), isLeaf).leaves).toEqual([]);
  });

  it("is undone by unflatten", () => {
    const nested = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.integer().map((id) => new Leaf(id)),
        fc.constantFrom(null, true, "text", 3),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), tie("value"), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(nested, (value) => {
        const { structure, leaves } = flatten(value, isLeaf);
        expect(
          unflatten(
            structure,
            leaves.map((leaf) => leaf.value),
          ),
        ).toEqual(value);
      }),
    );
  });
});
