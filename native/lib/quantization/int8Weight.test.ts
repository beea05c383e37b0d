import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { Int8Weight } from "./int8Weight";

const settings = { outputDim: 0, dtype: "float32", outlierThreshold: 6 } as const;
const make = (weight: Tensor, more: object = {}) => new Int8Weight(weight, { ...settings, ...more }, "w");
const rows = (values: number[][]) => torch.tensor(values, { dtype: "float32" });
const bytesOf = (weight: Int8Weight): number => {
  const sizes: Record<string, number> = { int8: 1, float32: 4, int64: 8, bfloat16: 2 };
  return [...weight.ownBuffers()].reduce((sum, [, t]) => sum + t.numel() * sizes[t.dtype], 0);
};

test("numbers of an example: 127 steps to each row's largest", () => {
  const weight = make(
    rows([
      [1.27, -0.635, 0.014],
      [0, 0, 0],
      [-254, 1, 3],
    ]),
  );
  expect(weight.int8.tolist()).toEqual([
    [127, -64, 1],
    [0, 0, 0],
    [-127, 0, 2],
  ]);
  expect(weight.scale.to("float64").tolist()).toEqual([[expect.closeTo(0.01)], [0], [2]]);
  expect(weight.call().at("2").tolist()).toEqual([-254, 0, 4]);
});

test("any matrix: each number is off by half a step at most, and columns of outliers not at all", () => {
  const matrix = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 150 }), fc.nat());
  fc.assert(
    fc.property(matrix, fc.boolean(), fc.boolean(), ([out, columns, seed], isConv, isWild) => {
      torch.manual_seed(seed);
      const normal = torch.randn([out, columns]);
      const weight = isWild ? normal.pow(5) : normal;
      const given = isConv ? weight.t() : weight;
      const kept = make(given, { outputDim: isConv ? 1 : 0 });
      const result = isConv ? kept.call().t() : kept.call();
      const scale = isConv ? kept.scale.t() : kept.scale;
      expect(kept.call().shape).toEqual(given.shape);
      expect(result.sub(weight).abs().le(scale.mul(0.5001)).all().item()).toBe(true);
      const outliers = kept.outlier_columns;
      if (!outliers) return;
      expect(torch.equal(result.index_select(1, outliers), weight.index_select(1, outliers))).toBe(true);
      expect(outliers.numel()).toBeLessThanOrEqual(Math.ceil(columns / 100));
    }),
    { numRuns: 60 },
  );
});

describe("outliers", () => {
  const planted = (): Tensor => {
    torch.manual_seed(1);
    const factors = torch.ones([400]);
    factors.setAt([[7, 200, 399]], 20);
    return torch.randn([50, 400]).mul(factors);
  };

  test("are the columns beyond the threshold; row scales are those of the others", () => {
    const weight = planted();
    const kept = make(weight);
    expect(kept.outlier_columns?.tolist()).toEqual([7n, 200n, 399n].map(Number));
    expect(
      kept.int8
        .index_select(1, torch.tensor([7, 200, 399]))
        .abs()
        .max()
        .item(),
    ).toBe(0);
    expect(Number(kept.scale.max().item())).toBeLessThan(6 / 127);
    const error = (made: Int8Weight) => Number(made.call().sub(weight).norm().item());
    expect(error(kept)).toBeLessThan(0.2 * error(make(weight, { outlierThreshold: 1e9 })));
  });

  test("are at most one column in a hundred, the largest", () => {
    const weight = torch.ones([10, 200]).mul(torch.arange(200));
    expect(make(weight, { outlierThreshold: 0.5 }).outlier_columns?.tolist()).toEqual([198, 199]);
  });

  test.each([
    [64, 64, "float32"],
    [300, 1000, "float32"],
    [16, 24, "bfloat16"],
    [7, 21, "float32"],
  ] as const)("[%i, %i] in %s takes at most 30 %% of its size in float32", (out, columns, dtype) => {
    const weight = torch.randn([out, columns]);
    expect(bytesOf(make(weight, { outlierThreshold: 0.1, dtype }))).toBeLessThanOrEqual(
      0.3 * 4 * out * columns,
    );
  });
});

test.each(["float16", "bfloat16"] as const)("in %s: computed in float32 and rounded once", (dtype) => {
  torch.manual_seed(2);
  const weight = torch.randn([6, 100]);
  const kept = make(weight, { dtype, outlierThreshold: 2 });
  expect(kept.call().dtype).toBe(dtype);
  const exact = make(weight, { outlierThreshold: 2 }).call();
  expect(torch.equal(kept.call(), exact.to(dtype))).toBe(true);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("%d is refused, with the weight's name", (value) => {
  const weight = rows([[1, value]]);
  expect(() => new Int8Weight(weight, settings, "layer.weight")).toThrow(ArgumentError);
  expect(() => new Int8Weight(weight, settings, "layer.weight")).toThrow(/^layer\.weight has infinite/);
});
