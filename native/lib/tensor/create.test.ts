import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ArgumentError, DtypeError, ShapeError } from "../errors";
import { torch } from "../torch";
import type { NestedArray } from "./create";
import type { DType } from "./dtype";

describe("torch.tensor", () => {
  it.each<[NestedArray, DType, number[]]>([
    [5, "int64", []],
    [0.5, "float32", []],
    [true, "bool", []],
    [[1, 2, 3], "int64", [3]],
    [[1, 2.5], "float32", [2]],
    [[1, Number.NaN], "float32", [2]],
    [[Number.POSITIVE_INFINITY], "float32", [1]],
    [[true, false], "bool", [2]],
    [[[1], [2]], "int64", [2, 1]],
    [[], "float32", [0]],
    [[[], []], "float32", [2, 0]],
    [[2n ** 60n], "int64", [1]],
  ])("%o is %s of shape %j", (values, dtype, shape) => {
    const tensor = torch.tensor(values);
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.shape).toEqual(shape);
  });

  it("keeps the element type of typed arrays", () => {
    for (const [data, dtype] of [
      [new Float32Array([1.5, -2]), "float32"],
      [new Float64Array([0.1]), "float64"],
      [new Int8Array([-128]), "int8"],
      [new Uint8Array([255]), "uint8"],
      [new Int16Array([-5]), "int16"],
      [new Uint16Array([65535]), "uint16"],
      [new Int32Array([7]), "int32"],
      [new Uint32Array([2 ** 32 - 1]), "uint32"],
      [new BigInt64Array([-(2n ** 63n)]), "int64"],
      [new BigUint64Array([2n ** 64n - 1n]), "uint64"],
    ] as const) {
      const tensor = torch.tensor(data);
      expect(tensor.dtype).toBe(dtype);
      expect(tensor.data()).toEqual(data);
    }
  });

  it("knows the typed arrays of another realm", () => {
    const data = runInNewContext("new Float64Array([0.5, 1])") as Float64Array;
    expect(torch.tensor(data).dtype).toBe("float64");
    expect(torch.tensor(data).tolist()).toEqual([0.5, 1]);
  });

  it.each<[NestedArray, DType, string]>([
    [[1, 300], "uint8", "300 at [1] does not fit uint8"],
    [[[0], [-1]], "uint8", "-1 at [1, 0] does not fit uint8"],
    [200, "int8", "200 does not fit int8"],
    [2 ** 31, "int32", "2147483648 does not fit int32"],
    [[2n ** 63n], "int64", "9223372036854775808 at [0] does not fit int64"],
    [Number.NaN, "int64", "NaN does not fit int64"],
    [[Number.NEGATIVE_INFINITY], "int32", "-Infinity at [0] does not fit int32"],
  ])("refuses %o as %s, as PyTorch does", (values, dtype, message) => {
    expect(() => torch.tensor(values, { dtype })).toThrow(ArgumentError);
    expect(() => torch.tensor(values, { dtype })).toThrow(message);
  });

  it("takes the outermost numbers of a dtype", () => {
    expect(torch.tensor([-128, 127], { dtype: "int8" }).tolist()).toEqual([-128, 127]);
    expect(torch.tensor([-(2n ** 63n), 2n ** 63n - 1n]).tolist()).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
    expect(torch.tensor([2n ** 64n - 1n], { dtype: "uint64" }).tolist()).toEqual([2n ** 64n - 1n]);
    expect(torch.tensor([255.75], { dtype: "uint8" }).tolist()).toEqual([255]);
  });

  it("reads a view of a buffer from its offset", () => {
    const all = Float32Array.from([0, 1, 2, 3, 4]);
    expect(torch.tensor(all.subarray(2, 4)).tolist()).toEqual([2, 3]);
  });

  it("copies: the array may change afterwards", () => {
    const data = new Float32Array([1]);
    const tensor = torch.tensor(data);
    data[0] = 2;
    expect(tensor.item()).toBe(1);
  });

  it("converts to the dtype that is asked for", () => {
    expect(torch.tensor([1, 0, 2], { dtype: "bool" }).tolist()).toEqual([true, false, true]);
    expect(torch.tensor([1.75, -1.75], { dtype: "int32" }).tolist()).toEqual([1, -1]);
    expect(torch.tensor([1, 2], { dtype: "float16", requires_grad: true }).requires_grad).toBe(true);
    expect(torch.tensor([1, 2], { device: "meta" }).device).toBe("meta");
  });

  it.each<[NestedArray, string]>([
    [[[1, 2], [3]], "expected an array of 2 at [1], found an array of 1"],
    [[[1, 2], 3], "expected an array of 2 at [1], found number"],
    [[1, [2]], "expected a number at [1], found an array of 1"],
    [[[[1]], [[1, 2]]], "expected an array of 1 at [1, 0], found an array of 2"],
  ])("refuses ragged %o", (values, message) => {
    expect(() => torch.tensor(values)).toThrow(ShapeError);
    expect(() => torch.tensor(values)).toThrow(message);
  });

  it("refuses what is no number, and unknown dtypes", () => {
    const text = ["x"] as unknown as NestedArray;
    expect(() => torch.tensor(text)).toThrow(ArgumentError);
    expect(() => torch.tensor([1], { dtype: "float31" as DType })).toThrow(DtypeError);
    expect(() => torch.tensor([1.5], { dtype: "int64", requires_grad: true })).toThrow(/floating point/);
  });
});
