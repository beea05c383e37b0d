import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ArgumentError, DisposedTensorError, DtypeError, TorchError } from "../errors";
import { torch } from "../torch";
import { Tensor } from "./tensor";

describe("properties", () => {
  it("are those of PyTorch", () => {
    const x = torch.zeros([2, 3], { dtype: "bfloat16" });
    expect([x.ndim, x.is_floating_point(), x.is_complex()]).toEqual([2, true, false]);
    expect(torch.zeros([1], { dtype: "complex64" }).is_complex()).toBe(true);
    expect(torch.zeros([1], { dtype: "int64" }).is_floating_point()).toBe(false);
  });
});

describe("where", () => {
  it("keeps this tensor where the condition holds", () => {
    const x = torch.tensor([1, 2, 3]);
    expect(x.where(x.gt(1), 0).tolist()).toEqual([0, 2, 3]);
    expect(x.where(x.gt(1), x.neg()).tolist()).toEqual([-1, 2, 3]);
  });
});

describe("reading values", () => {
  it("gives 16-bit floats as Float32Array", () => {
    const values = [0.1, -2.5, 65504, Number.POSITIVE_INFINITY];
    const half = torch.tensor(values, { dtype: "float16" }).data();
    expect(half).toBeInstanceOf(Float32Array);
    expect(Array.from(half as Float32Array)).toEqual([
      0.0999755859375,
      -2.5,
      65504,
      Number.POSITIVE_INFINITY,
    ]);
    const brain = torch.tensor(values, { dtype: "bfloat16" }).data();
    expect(Array.from(brain as Float32Array)).toEqual([0.10009765625, -2.5, 65536, Number.POSITIVE_INFINITY]);
  });

  it("gives int64 as bigints in data() and as numbers up to 2^53 in tolist()", () => {
    const tensor = torch.tensor([
      [1n, 2n ** 53n],
      [-(2n ** 63n), 2n ** 63n - 1n],
    ]);
    expect(tensor.data()).toEqual(BigInt64Array.from([1n, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n]));
    expect(tensor.tolist()).toEqual([
      [1, 2n ** 53n],
      [-(2n ** 63n), 2n ** 63n - 1n],
    ]);
    expect(tensor.at("0, 0").item()).toBe(1);
    expect(tensor.at("1, 1").item()).toBe(2n ** 63n - 1n);
  });

  it("keeps NaN, infinities and the sign of zero", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];
    expect(torch.tensor(values).tolist()).toEqual(values);
  });

  it("reads transposed and sliced tensors in their own order", () => {
    const x = torch.arange(6).reshape([2, 3]);
    expect(Array.from(x.t().data() as BigInt64Array, Number)).toEqual([0, 3, 1, 4, 2, 5]);
    expect(x.at(":, 1:").tolist()).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it("handles tensors without elements", () => {
    const empty = torch.zeros([2, 0, 3]);
    expect(empty.tolist()).toEqual([[], []]);
    expect(empty.data()).toEqual(new Float32Array(0));
    expect(empty.sum().item()).toBe(0);
    expect(torch.cat([empty, empty], 1).shape).toEqual([2, 0, 3]);
  });

  it("item() wants one element, and values that exist", () => {
    expect(torch.ones([1, 1]).item()).toBe(1);
    expect(torch.tensor(true).item()).toBe(true);
    expect(() => torch.ones([2]).item()).toThrow(TorchError);
    expect(() => torch.ones([2], { device: "meta" }).tolist()).toThrow(/meta device/);
    expect(() => torch.complex(torch.ones([1]), torch.ones([1])).item()).toThrow(DtypeError);
  });
});

describe("shape and conversion", () => {
  it("knows its sizes", () => {
    const x = torch.zeros(2, 3, 4);
    expect([x.shape, x.size(), x.size(-1), x.dim(), x.numel(), x.stride()]).toEqual([
      [2, 3, 4],
      [2, 3, 4],
      4,
      3,
      24,
      [12, 4, 1],
    ]);
    expect(x.mT.shape).toEqual([2, 4, 3]);
    expect(torch.zeros(2, 3).T.shape).toEqual([3, 2]);
    expect(() => x.size(3)).toThrow(/Dimension out of range/);
  });

  it("to() takes dtypes, devices, both, options and other tensors", () => {
    const x = torch.ones([2]);
    expect(x.to("float16").dtype).toBe("float16");
    expect(x.to("meta").device).toBe("meta");
    const moved = x.to("meta", "int64");
    expect([moved.device, moved.dtype]).toEqual(["meta", "int64"]);
    expect(x.to({ dtype: "bool" }).tolist()).toEqual([true, true]);
    expect(x.to(torch.tensor([1])).dtype).toBe("int64");
    expect([x.half().dtype, x.long().dtype, x.double().dtype, x.bool().dtype]).toEqual([
      "float16",
      "int64",
      "float64",
      "bool",
    ]);
    expect(() => x.to("float17")).toThrow(DtypeError);
  });

  it("prints itself in console.log", () => {
    expect(inspect(torch.ones([2]))).toBe("tensor([1., 1.])");
    expect(inspect({ x: torch.ones([1]) })).toBe("{ x: tensor([1.]) }");
  });

  it("cannot be made with new", () => {
    expect(() => new Tensor()).toThrow(ArgumentError);
    expect(torch.ones([1])).toBeInstanceOf(Tensor);
  });
});

describe("dispose", () => {
  it("makes every later use an error", () => {
    const x = torch.ones([2]);
    x.dispose();
    x.dispose();
    expect(x.isDisposed).toBe(true);
    for (const use of [
      () => x.shape,
      () => x.item(),
      () => x.add(1),
      () => torch.cat([x]),
      () => x.requires_grad,
      () => x.at("0"),
    ]) {
      expect(use).toThrow(DisposedTensorError);
    }
    expect(() => x.backward()).toThrow(DisposedTensorError);
  });

  it("leaves views alone", () => {
    const x = torch.arange(4);
    const view = x.at("1:");
    x.dispose();
    expect(view.tolist()).toEqual([1, 2, 3]);
  });

  it("happens at the end of a block with using", () => {
    let kept: Tensor;
    {
      using x = torch.ones([2]);
      kept = x;
    }
    expect(kept.isDisposed).toBe(true);
  });
});

describe("objects that are no tensors", () => {
  it("are refused, whatever they pretend to be", () => {
    const add = torch.add as (...args: unknown[]) => unknown;
    for (const wrong of [
      {},
      { shape: [1] },
      Object.create(Tensor.prototype) as object,
      [],
      "x",
      null,
      undefined,
      () => 1,
    ]) {
      expect(() => add(torch.ones([1]), wrong)).toThrow(ArgumentError);
    }
    expect(() => (Object.create(Tensor.prototype) as Tensor).shape).toThrow(ArgumentError);
  });
});
