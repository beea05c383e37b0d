import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SliceError } from "../errors";
import { torch } from "../torch";
import { describeSlice, parseSlice, type Slice, type SliceItem } from "./slice";

interface SlicingCase<S> {
  slice: S;
  shape: number[];
  values: number[];
}

const fixtures = JSON.parse(
  readFileSync(join(__dirname, "../../../test/fixtures/torch/slicing.json"), "utf8"),
) as {
  texts: SlicingCase<string>[];
  lists: SlicingCase<SliceItem[]>[];
};
const x = torch.arange(60).reshape([3, 4, 5]);

describe("at gives what PyTorch's indexing gives", () => {
  it.each(fixtures.texts)('"$slice"', ({ slice, shape, values }) => {
    const part = x.at(slice);
    expect(part.shape).toEqual(shape);
    expect(part.reshape([-1]).tolist()).toEqual(values);
  });

  it.each(fixtures.lists)("$slice", ({ slice, shape, values }) => {
    const part = x.at(slice);
    expect(part.shape).toEqual(shape);
    expect(part.reshape([-1]).tolist()).toEqual(values);
  });

  it("takes tensors: indices, and masks over several dimensions", () => {
    expect(
      x
        .at([torch.tensor([2, 0]), 1])
        .at("..., 0")
        .tolist(),
    ).toEqual([45, 5]);
    const mask = x.gt(56);
    expect(x.at([mask]).tolist()).toEqual([57, 58, 59]);
    expect(x.at(["...", torch.tensor([true, false, false, false, true])]).shape).toEqual([3, 4, 2]);
  });
});

describe("setAt writes in place", () => {
  it("numbers, tensors that broadcast, and index lists", () => {
    const y = torch.zeros([2, 3]);
    y.setAt("0, 1:", 5)
      .setAt(":, 0", torch.tensor([1, 2], { dtype: "float32" }))
      .setAt([[1], [2]], 9);
    expect(y.tolist()).toEqual([
      [1, 5, 5],
      [2, 0, 9],
    ]);
  });
});

describe("a slice that cannot be read", () => {
  it.each<[Slice, string]>([
    ["0, a", '"a" at position 1 is not an integer'],
    ["::-1", "step -1 at position 0 must be positive"],
    ["0, 1:2:0", "step 0 at position 1 must be positive"],
    ["1:2:3:4", "more than two colons"],
    ["", "nothing at position 0"],
    ["0,,1", "nothing at position 1"],
    ["1.5", "is not an integer"],
    ["..., ...", '"..." can stand only once'],
    ["99999999999999999999", "is not an integer"],
    [[{ step: -2 }], "step -2 at position 0"],
    [[0.5], "position 0 must be an integer"],
  ])("%j", (slice, message) => {
    expect(() => x.at(slice)).toThrow(SliceError);
    expect(() => x.at(slice)).toThrow(message);
  });

  it.each<[string, string]>([
    ["3", "index 3 at position 0 is out of range for a dimension of size 3"],
    ["0, -5", "index -5 at position 1 is out of range for a dimension of size 4"],
    ["0, 0, 0, 0", "has 4 places, the tensor has 3 dimensions"],
  ])("or that reaches outside: %s", (slice, message) => {
    expect(() => x.at(slice)).toThrow(SliceError);
    expect(() => x.at(slice)).toThrow(message);
  });
});

const bound = fc.option(fc.integer({ min: -99, max: 99 }), { nil: undefined });
const item: fc.Arbitrary<SliceItem> = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.constant(null),
  fc
    .record({
      start: bound,
      stop: bound,
      step: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    })
    .map((range) => JSON.parse(JSON.stringify(range)) as SliceItem),
);

describe("parseSlice", () => {
  it("reads back what describeSlice writes", () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), (items) => {
        expect(parseSlice(describeSlice(items))).toEqual(items.map((one) => (Object.is(one, -0) ? 0 : one)));
      }),
    );
  });

  it("answers any text with items or a SliceError", () => {
    const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789:,-+. None…") }));
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(Array.isArray(parseSlice(text))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(SliceError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
