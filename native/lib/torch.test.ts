import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { binding } from "./binding";
import { ArgumentError, DtypeError, GraphpatchError, TorchError, UnknownOperatorError } from "./errors";
import { FUNCTIONS, METHODS } from "./generated/names";
import { Tensor } from "./tensor/tensor";
import { torch } from "./torch";

describe("factories", () => {
  it("take a dtype, a device and requires_grad by name", () => {
    const x = torch.zeros([2], { dtype: "float64", requires_grad: true });
    expect([x.dtype, x.requires_grad, x.is_leaf]).toEqual(["float64", true, true]);
    expect(torch.empty([2, 3], { device: "meta" }).device).toBe("meta");
    expect(torch.rand_like(x, { requires_grad: true }).requires_grad).toBe(true);
    expect(torch.randn([3], { requires_grad: false }).requires_grad).toBe(false);
  });

  it("take sizes one by one too", () => {
    expect(torch.ones(2, 3).shape).toEqual([2, 3]);
    expect(torch.ones(2).shape).toEqual([2]);
    expect(torch.ones(2, 3).view(-1).shape).toEqual([6]);
    expect(torch.ones(2).repeat(3).shape).toEqual([6]);
    expect(torch.zeros([]).shape).toEqual([]);
  });

  it("make the same random numbers for the same seed", () => {
    torch.manual_seed(3);
    const first = torch.randn([4]).tolist();
    torch.manual_seed(3);
    expect(torch.randn([4]).tolist()).toEqual(first);
    expect(() => torch.manual_seed(0.5)).toThrow(ArgumentError);
  });
});

describe("the operator surface", () => {
  it("has a method or function for every generated signature", () => {
    for (const name of METHODS) expect(typeof Reflect.get(Tensor.prototype, name), name).toBe("function");
    for (const name of FUNCTIONS) expect(typeof Reflect.get(torch, name), name).toBe("function");
  });

  it("reaches private operators and explicit overloads through torch.ops", () => {
    const x = torch.tensor([1, 2], { dtype: "float32" });
    expect((torch.ops.aten._softmax(x, -1, false) as Tensor).tolist()).toEqual(x.softmax(-1).tolist());
    expect((torch.ops.aten["add.Scalar"](x, 1) as Tensor).tolist()).toEqual([2, 3]);
    expect((torch.ops.aten.add.Tensor(x, x, { alpha: 2 }) as Tensor).tolist()).toEqual([3, 6]);
    expect((torch.ops.aten.relu.default(x) as Tensor).tolist()).toEqual([1, 2]);
    expect(() => torch.ops.aten.add.Nope(x, x)).toThrow(UnknownOperatorError);
  });

  it("takes arguments by name from objects of another realm", () => {
    const options = runInNewContext("({ dim: 0, keepdim: true })") as { dim: number; keepdim: boolean };
    expect(torch.ones([2, 3]).sum(options).shape).toEqual([1, 3]);
  });

  it("gives dtypes by their names", () => {
    expect(torch.result_type(torch.ones([1], { dtype: "int64" }), 0.5)).toBe("float32");
    expect(torch.promote_types("float16", "bfloat16")).toBe("float32");
  });

  it("takes a mask where it wants a tensor or a number", () => {
    expect(torch.tensor([1, 2]).mul(true).tolist()).toEqual([1, 2]);
    expect(torch.tensor([true]).logical_not().tolist()).toEqual([false]);
  });
});

describe("settings", () => {
  const threads = torch.getNumThreads();
  afterAll(() => torch.setNumThreads(threads));

  it("set the number of threads", () => {
    torch.setNumThreads(1);
    expect(torch.getNumThreads()).toBe(1);
    expect(() => torch.setNumThreads(0)).toThrow(ArgumentError);
    expect(() => binding.setNumThreads(-1)).toThrow(ArgumentError);
  });

  it.runIf(process.platform === "linux")("hold for the addon's own loops, too", () => {
    const addon = readFileSync(join(__dirname, "../build/graphpatch.node"));
    // Without OpenMP at::parallel_for compiles, and is one thread's loop.
    expect(addon.includes("GOMP_parallel")).toBe(true);
  });

  it("name dtypes and their limits", () => {
    expect([torch.float32, torch.bfloat16, torch.bool]).toEqual(["float32", "bfloat16", "bool"]);
    expect([torch.float, torch.half, torch.long]).toEqual(["float32", "float16", "int64"]);
    expect(torch.finfo("float16")).toEqual({
      bits: 16,
      max: 65504,
      min: -65504,
      eps: 0.0009765625,
      tiny: 0.00006103515625,
    });
    expect(torch.finfo("float32").min).toBe(-3.4028234663852886e38);
    expect(torch.finfo("bfloat16").max).toBe(3.3895313892515355e38);
    expect(torch.finfo("float64").eps).toBe(Number.EPSILON);
    expect(() => torch.finfo("int64")).toThrow(DtypeError);
  });
});

describe("errors of C++", () => {
  it("are instances of the classes, with name, message and a JavaScript stack", () => {
    try {
      torch.ones([2]).reshape([3]);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TorchError);
      expect(error).toBeInstanceOf(GraphpatchError);
      expect((error as Error).name).toBe("TorchError");
      expect((error as Error).message).toBe("shape '[3]' is invalid for input of size 2");
      expect((error as Error).stack).toContain("torch.test.ts");
    }
  });
});
