import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it, test, vi } from "vitest";
import { ScratchFolder } from "../../../../test/support/files";
import { ArgumentError, CancelledError } from "../../errors";
import { Linear, Module, ModuleList } from "../../nn";
import { AddPatch, ProbePatch, ReplacePatch, ZeroPatch } from "../../patches";
import type { Tensor } from "../../tensor";
import { torch } from "../../torch";
import { SafetensorsFile } from "../../weights";
import { PatchableGraph } from "../patchableGraph";
import { graphRegistry } from "../registry";
import { sym } from "../symInt";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
const path = join(scratch.path, "graph.safetensors");

async function reloaded<M extends Module>(pg: PatchableGraph<M>): Promise<PatchableGraph<M>> {
  await pg.save(path);
  return PatchableGraph.load<M>(path);
}

class Act extends Module {
  forward(input: Tensor): Tensor {
    return torch.tanh(input.mul(2));
  }
}

class Block extends Module {
  readonly proj = new Linear(4, 4);
  constructor(readonly act: Act) {
    super();
  }
  forward(hidden_states: Tensor): [Tensor, { mean: Tensor; note: string }] {
    const inner = this.act.call(this.act.call(this.proj.call(hidden_states)));
    return [hidden_states.add(inner), { mean: inner.mean(), note: "inner" }];
  }
}

/** Tied weights, modules called twice, nested results, sizes, guards, a parameter of a module that is not called. */
class Model extends Module {
  readonly h = new ModuleList([new Block(new Act()), new Block(new Act())]);
  readonly head = new Linear(4, 4);
  readonly table = torch.arange(40, { dtype: "float32" }).view([10, 4]);
  declare readonly mask: Tensor;

  constructor() {
    super();
    this.head.registerParameter("weight", this.h.at(0).proj.weight);
    this.registerBuffer("mask", torch.tensor([true, false, true, true]));
  }

  forward({ x, options }: { x: Tensor; options?: object | null }): object {
    if (x.shape[2] !== 4) throw new Error("four");
    let hidden = x;
    let mean: Tensor | null = null;
    for (const block of this.h) {
      const [next, extra] = block.call(hidden);
      hidden = next;
      mean = extra.mean;
    }
    const half = sym.floordiv(hidden.size(1), 2);
    const picked = this.table.narrow(0, 2, 4).masked_fill(this.mask, -Infinity);
    return {
      "a.b|c": [this.head.call(hidden).narrow(1, 0, half), { deep: [mean, null, undefined] }],
      plain: {
        numbers: [1, -0, NaN, -Infinity, 5n, 2 ** 53],
        flag: options !== undefined,
        ["__proto__"]: "text",
      },
      half,
      picked: torch.where(picked.isinf(), 0, picked).to("float64").full_like(Number.NaN).nan_to_num(-0),
    };
  }
}

async function setUp() {
  torch.manual_seed(3);
  const model = new Model();
  const inputs = { x: torch.randn([2, 4, 4]) };
  return { model, inputs, pg: await PatchableGraph.capture(model, inputs) };
}

/** All that is alike in two results: the same nesting, the same plain values, the same bits. */
function expectSame(actual: unknown, expected: unknown): void {
  if (torch.isTensor(expected) && torch.isTensor(actual)) {
    expect(actual.dtype).toBe(expected.dtype);
    expect(torch.equal(actual, expected)).toBe(true);
  } else if (typeof expected === "object" && expected !== null) {
    expect(Object.entries(actual as object).map(([key]) => key)).toEqual(Object.keys(expected));
    Object.entries(expected).forEach(([key, value]) => {
      expectSame(Object.entries(actual as object).find(([own]) => own === key)?.[1], value);
    });
  } else {
    expect(Object.is(actual, expected)).toBe(true);
  }
}

describe("a loaded graph", () => {
  it("gives what the saved one gives, for other sizes too", async () => {
    const { pg, inputs } = await setUp();
    const loaded = await reloaded(pg);
    expectSame(await loaded.run(inputs), await pg.run(inputs));
    const others = { x: torch.randn([1, 7, 4]) };
    expectSame(await loaded.run(others), await pg.run(others));
  });

  it("has the same names, facts, tree and label", async () => {
    const { pg } = await setUp();
    const loaded = await reloaded(pg);
    expect([...loaded.nodes]).toEqual([...pg.nodes]);
    expect(loaded.label).toBe("Model");
    expect(inspect(loaded)).toBe(inspect(pg));
    expect(String(loaded.graph.h_0.act_1)).toBe("h_0.act_1");
    expect(loaded.node("h.0.proj").code).toBe(pg.node("h_0.proj").code);
    expect(() => loaded.node("h_0.prj")).toThrow(/Did you mean "h_0.proj"/);
  });

  it("is patched like the saved one", async () => {
    const { pg, inputs } = await setUp();
    const loaded = await reloaded(pg);
    const patched = async (graph: PatchableGraph<Model>) => {
      const probe = new ProbePatch();
      const result = await graph.patch(
        {
          "h_0.act_1": [new AddPatch({ value: 0.5, slice: "0, 1" }), probe],
          "h_1.proj.weight": new ZeroPatch({ slice: "0" }),
          "head.weight": new ReplacePatch({ value: torch.eye(4) }),
        },
        () => graph.run(inputs),
      );
      return [result, probe.activation];
    };
    expectSame(await patched(loaded), await patched(pg));
  });

  it("records gradients for its weights, which come frozen", async () => {
    const { model, pg, inputs } = await setUp();
    const loaded = await reloaded(pg);
    const gradientsOf = async (graph: PatchableGraph<Model>) => {
      const weights = [...graph.stateDict()].filter(([, tensor]) => tensor.dtype === "float32");
      for (const [, weight] of weights) {
        weight.grad = null;
        weight.requires_grad = true;
      }
      const { "h_1.mean": mean } = await graph.run(inputs, { outputs: ["h_1.mean"] });
      await mean.backward();
      return Object.fromEntries(weights.map(([name, weight]) => [name, weight.grad]));
    };
    expect([...loaded.stateDict().values()].some((tensor) => tensor.requires_grad)).toBe(false);
    model.requires_grad_(true);
    const expected = await gradientsOf(pg);
    expect(expected["h.1.proj.weight"]).not.toBeNull();
    expectSame(await gradientsOf(loaded), expected);
  });

  it("keeps guards, with what they say", async () => {
    const { pg } = await setUp();
    const loaded = await reloaded(pg);
    const wrong = { x: torch.randn([2, 4, 5]) };
    const message = await pg.run(wrong).catch((error: Error) => error.message);
    expect(message).toMatch(/was 4 at capture and is 5 now/);
    await expect(loaded.run(wrong)).rejects.toThrow(message);
  });

  it("checks its inputs as the saved one does", async () => {
    const { pg } = await setUp();
    const loaded = await reloaded(pg);
    await expect(loaded.run({ y: torch.zeros([1]) })).rejects.toThrow(ArgumentError);
    await expect(loaded.run({ x: torch.zeros([2, 4, 4], { dtype: "int64" }) })).rejects.toThrow(
      /captured as float32/,
    );
  });

  it("is saved again to the same bytes, over the file it is mapped from", async () => {
    const { pg, inputs } = await setUp();
    const loaded = await reloaded(pg);
    const before = readFileSync(path);
    await loaded.save(path);
    expect(Buffer.compare(before, readFileSync(path))).toBe(0);
    expectSame(await loaded.run(inputs), await pg.run(inputs));
    rmSync(path);
    expectSame(await loaded.run(inputs), await pg.run(inputs));
  });

  it("does not change its file when a weight is changed", async () => {
    const { pg } = await setUp();
    const loaded = await reloaded(pg);
    const before = readFileSync(path);
    loaded.stateDict().get("h.1.proj.weight")?.zero_();
    expect(Buffer.compare(before, readFileSync(path))).toBe(0);
  });

  it("is announced as a captured one is", async () => {
    const { pg } = await setUp();
    const seen = vi.fn();
    graphRegistry.on("captured", seen);
    const loaded = await reloaded(pg);
    graphRegistry.off("captured", seen);
    expect(seen).toHaveBeenCalledExactlyOnceWith(loaded);
    expect(graphRegistry.list()).toContain(loaded);
    expect(loaded.id).not.toBe(pg.id);
  });
});

describe("the file", () => {
  it("has the weights under the model's own names, tied ones once", async () => {
    const { model, pg } = await setUp();
    await pg.save(path);
    const file = new SafetensorsFile(path);
    const dictionary = model.stateDict();
    dictionary.delete("head.weight");
    expect(
      file
        .names()
        .filter((name) => name !== "constant")
        .sort(),
    ).toEqual([...dictionary.keys()].sort());
    for (const [name, tensor] of dictionary) expect(torch.equal(file.read(name), tensor)).toBe(true);
    expect(file.metadata.get("format")).toBe("pt");
  });

  it("tells how far saving and loading have come, and saving can be cancelled", async () => {
    const { pg } = await setUp();
    const saving = vi.fn();
    await pg.save(path, { onProgress: saving });
    const size = readFileSync(path).length;
    expect(saving).toHaveBeenLastCalledWith({ stage: "saving", done: size, total: size });
    const loading = vi.fn();
    await PatchableGraph.load(path, { onProgress: loading });
    const total = pg.stateDict().size;
    expect(loading).toHaveBeenLastCalledWith({ stage: "weights", done: total, total });
    await expect(pg.save(path, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });
});

class Returns extends Module {
  constructor(readonly result: (x: Tensor) => unknown) {
    super();
  }
  forward(x: Tensor): unknown {
    return [torch.relu(x), this.result(x)];
  }
}

describe("what cannot be saved is refused before anything is written", () => {
  class Cache {}
  test.each<[string, (x: Tensor) => unknown, RegExp]>([
    ["an object of a class", () => [new Cache()], /the output\[1\]\[0\] is an object of class Cache/],
    ["a function", () => ({ f: () => 1 }), /the output\[1\]\.f is a function/],
    [
      "an operator that loading refuses",
      (x) => torch.ops.aten._standard_gamma(x),
      /node standard_gamma has the operator aten::_standard_gamma/,
    ],
    ["a name without end", (x) => ({ ["n".repeat(2000)]: x }), /name must be a text of at most 1000/],
  ])("%s", async (_what, result, message) => {
    rmSync(path, { force: true });
    const pg = await PatchableGraph.capture(new Returns(result), torch.ones([2]));
    await expect(pg.save(path)).rejects.toThrow(ArgumentError);
    await expect(pg.save(path)).rejects.toThrow(message);
    expect(() => readFileSync(path)).toThrow(/ENOENT/);
  });
});
