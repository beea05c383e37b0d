import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ArgumentError, OutOfMemoryError, TorchError, UnknownOperatorError } from "../errors";
import { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { callOperator, callResolved, resolveOperator } from "./dispatch";
import { getInterceptor, setInterceptor } from "./interceptor";

interface Expected {
  shape: number[];
  dtype: string;
  values: (number | boolean | string)[];
}

const expected = JSON.parse(
  readFileSync(join(__dirname, "../../../test/fixtures/torch/calls.json"), "utf8"),
) as Record<string, Expected>;

const x = torch.arange(6, { dtype: "float32" }).reshape([2, 3]).div(4).sub(0.5);
const i = torch.tensor([
  [3, 1, 2],
  [0, 5, 4],
]);

const calls: Record<string, () => Tensor> = {
  add: () => x.add(2),
  "add alpha": () => torch.add(x, x, { alpha: 0.5 }),
  mul: () => x.mul(x),
  div: () => x.div(3),
  pow: () => x.pow(2),
  rsub: () => torch.rsub(x, 1),
  t: () => x.t(),
  softmax: () => x.softmax(-1),
  log_softmax: () => x.log_softmax(1),
  argmax: () => x.argmax(-1),
  "argmax all": () => x.argmax(),
  max: () => x.max(),
  "max dim": () => x.max(1)[0],
  "max other": () => x.max(torch.zeros(2, 3)),
  "topk values": () => x.topk(2)[0],
  "topk indices": () => x.topk(2)[1],
  sum: () => x.sum(),
  "sum dim": () => x.sum(1),
  "sum keepdim": () => x.sum({ dim: -1, keepdim: true }),
  mean: () => x.mean([0]),
  "mean dtype": () => x.mean({ dim: 0, dtype: "float64" }),
  std: () => x.std(1),
  "std unbiased": () => x.std({ unbiased: false }),
  "std correction": () => x.std(1, { correction: 0 }),
  var: () => x.var(),
  view: () => x.view(3, 2),
  reshape: () => x.reshape([6]),
  permute: () => x.permute(1, 0),
  transpose: () => x.transpose(0, 1),
  unsqueeze: () => x.unsqueeze(1),
  masked_fill: () => x.masked_fill(x.gt(0), -1),
  where: () => torch.where(x.gt(0), x, 0),
  cat: () => torch.cat([x, x], 1),
  stack: () => torch.stack([x, x]),
  einsum: () => torch.einsum("ij,kj->ik", [x, x]),
  "int add": () => i.add(1),
  "int div": () => i.div(2),
  "int mul fraction": () => i.mul(0.5),
  floor_divide: () => i.floor_divide(2),
  eq: () => i.eq(2),
  gather: () => i.gather(1, torch.tensor([[0], [2]])),
  cumsum: () => x.cumsum(-1),
  clamp: () => x.clamp(-0.25, 0.5),
  "clamp min": () => x.clamp({ min: 0 }),
  flip: () => x.flip(0, 1),
  repeat: () => x.repeat(2, 1),
  expand: () => x.at(":, :1").expand(2, 4),
  norm: () => x.norm(),
  "norm dim": () => x.norm({ p: 2, dim: 1 }),
  layer_norm: () => torch.layer_norm(x, [3], { eps: 1e-5 }),
  gelu: () => torch.gelu(x),
  "gelu tanh": () => torch.gelu(x, { approximate: "tanh" }),
  tril: () => torch.ones(3, 3).tril(),
  arange: () => torch.arange(5),
  "arange step": () => torch.arange(1, 4, 0.5),
  linspace: () => torch.linspace(0, 1, 5),
  full: () => torch.full([2], 1.5),
  "full integer": () => torch.full([2], 3),
  eye: () => torch.eye(2),
  split: () => torch.cat(x.split([1, 2], 1), 1),
  chunk: () => x.chunk(3, 1)[1],
  quantile: () => x.quantile(0.5),
  logsumexp: () => x.logsumexp(-1),
  outer: () => torch.outer(x.at(0), x.at(1)),
  matmul: () => x.matmul(x.t()),
  index_select: () => x.index_select(1, torch.tensor([2, 0])),
  "bool any": () => x.gt(0.5).any(),
  sort: () => x.sort({ descending: true })[0],
  "sort stable": () => i.sort({ stable: true, dim: -1 })[1],
};

describe("operators give what they give in Python", () => {
  it.each(Object.entries(calls))("%s", (name, call) => {
    const result = call();
    const { shape, dtype, values } = expected[name];
    expect([result.shape, result.dtype]).toEqual([shape, dtype]);
    expect(result.reshape([-1]).tolist()).toEqual(values);
  });

  it("random numbers of a seed", () => {
    torch.manual_seed(7);
    for (const [name, made] of [
      ["rand", torch.rand([3])],
      ["randn", torch.randn(2, 2)],
      ["randint", torch.randint(0, 100, [4])],
    ] as const) {
      expect(made.reshape([-1]).tolist()).toEqual(expected[name].values);
    }
  });

  it("every case of the fixture is tried", () => {
    expect([...Object.keys(calls), "rand", "randn", "randint"].sort()).toEqual(Object.keys(expected).sort());
  });
});

function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("a wrong call", () => {
  it("of an unknown operator suggests near names", () => {
    const error = errorOf(() => callOperator("log_softmx", [x, -1]));
    expect(error).toBeInstanceOf(UnknownOperatorError);
    expect(error.message).toContain('did you mean "log_softmax"');
    expect(errorOf(() => callOperator("aten::add.Nope", [x, x])).message).toContain(
      'has no overload "Nope"; it has ',
    );
    expect(errorOf(() => callOperator("nolib::thing", [])).message).toBe(
      'There is no operator "nolib::thing"',
    );
    expect(errorOf(() => torch.ops.aten.nope(x))).toBeInstanceOf(UnknownOperatorError);
  });

  it("names the argument, its type and the schema", () => {
    const error = errorOf(() => callOperator("softmax", [x, "a"]));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(
      "aten::softmax: argument 'dim' (position 2) must be int, not the string \"a\"\n" +
        "  aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
    );
  });

  it("says why no overload takes the arguments", () => {
    const error = errorOf(() => callOperator("pow", [x, "two"]));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain("no overload takes these arguments");
    expect(error.message).toContain("aten::pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor");
    expect(error.message).toContain("argument 'exponent' (position 2) must be");
  });

  it.each<[string, unknown[], Record<string, unknown> | undefined, string]>([
    ["relu", [x, 1], undefined, "takes at most 1 positional arguments, 2 were given"],
    ["relu", [], undefined, "needs argument 'self' (Tensor)"],
    ["relu", [x], { inplace: true }, "has no argument named 'inplace'"],
    ["relu", [x], { self: x }, "was given argument 'self' twice"],
    ["relu", [[1, 2]], undefined, "argument 'self' (position 1) must be Tensor, not an array of 2"],
    ["cat", [[x, 3]], undefined, "not an array of 2 (a Tensor [2, 3], the number 3)"],
    ["zeros", [[2, 1.5]], undefined, "argument 'size' (position 1) must be"],
    ["zeros", [[2]], { dtype: "float31" }, 'must be ScalarType?, not the string "float31"'],
    ["zeros", [[2]], { device: "moon" }, 'must be Device?, not the string "moon"'],
    ["unsqueeze", [x, 0.5], undefined, "argument 'dim' (position 2) must be int, not the number 0.5"],
    ["unsqueeze", [x, null], undefined, "argument 'dim' (position 2) must be int, not null"],
  ])("%s, case %#", (name, args, kwargs, message) => {
    const error = errorOf(() => callOperator(name, args, kwargs));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain(message);
  });

  it("gives PyTorch's own words, without its C++ frames", () => {
    const error = errorOf(() => x.matmul(x));
    expect(error).toBeInstanceOf(TorchError);
    expect(error.message).toContain("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
    expect(error.message).not.toContain("Exception raised from");
  });

  it("is a TorchError whatever C++ exception PyTorch throws", () => {
    expect(() => torch.logspace(0, Number.NaN, 3, { dtype: "int64" })).toThrow(TorchError);
  });

  it("refuses what libtorch ends the process on", async () => {
    // Both are segmentation faults in Python, too (torch 2.15).
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => torch.full([3, 3], value).linalg_eigvals()).toThrow(/infs or NaNs/);
    const empty = torch.zeros([0, 3], { requires_grad: true });
    await torch.pdist(empty).sum().backward();
    expect(empty.grad?.shape).toEqual([0, 3]);
  });

  it("that asks for too much memory is an OutOfMemoryError", () => {
    expect(() => torch.empty([2 ** 45])).toThrow(OutOfMemoryError);
    expect(() => torch.empty([2 ** 62, 2 ** 62])).toThrow(TorchError);
  });

  it("that asks for more memory than is left is refused before it is used", () => {
    // What the machine has and this process can not have: Linux promises it, and ends who uses it.
    const left = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
    expect(() => torch.empty([Math.ceil(left * 1.05)], { dtype: "uint8" })).toThrow(OutOfMemoryError);
  });

  it("that asks for too much memory says what is held", () => {
    using held = torch.ones([250_000]);
    expect(() => torch.empty([2 ** 45]).add(held)).toThrow(
      /You asked for 14\d{7} MB .* Tensors hold \d+ MB already/,
    );
  });

  // The lowest integer has no negative: x86 processors trap, which would end the process; others wrap around.
  it.each(["int32", "int64"] as const)("divides the lowest %s by -1", (dtype) => {
    const lowest = torch.bitwise_left_shift(torch.tensor([1, 1, 1], { dtype }), dtype === "int32" ? 31 : 63);
    const minusOne = torch.full([3], -1, { dtype });
    for (const quotient of [
      lowest.floor_divide(minusOne),
      torch.div(lowest, minusOne, { rounding_mode: "trunc" }),
    ]) {
      expect(quotient.equal(lowest)).toBe(true);
    }
    expect(lowest.remainder(minusOne).any().item()).toBe(false);
  });
});

describe("resolving", () => {
  it("gives the overload and the arguments in schema order", () => {
    expect(resolveOperator("add", [x, 2], { alpha: 3 })).toEqual({
      operator: "aten::add",
      overload: "Tensor",
      args: [x, 2, 3],
    });
    const { overload, args } = resolveOperator("sum", [x], { dim: -1, dtype: "float64" });
    expect([overload, args]).toEqual(["dim_IntList", [x, -1, undefined, "float64"]]);
    expect(resolveOperator("view", [x, 3, 2]).args).toEqual([x, [3, 2]]);
    expect(resolveOperator("aten::relu", [x])).toEqual({ operator: "aten::relu", overload: "", args: [x] });
  });

  it("gives what callResolved takes", () => {
    const { operator, overload, args } = resolveOperator("sum", [x], { dim: -1, dtype: "float64" });
    const result = callResolved(operator, overload, args) as Tensor;
    expect([result.dtype, result.tolist()]).toEqual(["float64", x.double().sum(-1).tolist()]);
    expect(() => callResolved("aten::relu", "", [x, 1])).toThrow(ArgumentError);
  });
});

describe("an interceptor", () => {
  afterEach(() => {
    setInterceptor(null);
  });

  it("sees calls, sizes and reads", () => {
    const seen: string[] = [];
    const interceptor = {
      call(name: string, args: unknown[], kwargs?: Record<string, unknown>): unknown {
        seen.push(`${name}(${args.length})`);
        const { operator, overload, args: ordered } = resolveOperator(name, args, kwargs);
        return callResolved(operator, overload, ordered);
      },
      size: () => 42,
      shape: () => [42],
      onValueRead: (_: Tensor, how: string) => {
        seen.push(how);
      },
    };
    expect(setInterceptor(interceptor)).toBe(null);
    const y = x.sum(-1);
    expect(y).toBeInstanceOf(Tensor);
    expect([y.size(0), y.shape, y.size()]).toEqual([42, [42], [2]]);
    y.at(0).item();
    expect(getInterceptor()).toBe(interceptor);
    expect(setInterceptor(null)).toBe(interceptor);
    expect(seen).toEqual(["sum(2)", "select(3)", "item()"]);
    expect(y.size(0)).toBe(2);
  });
});
