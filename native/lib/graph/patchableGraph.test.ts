import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  CancelledError,
  CaptureError,
  DtypeError,
  PatchError,
  ShapeError,
  UnknownNodeError,
} from "../errors";
import { Linear, Module, ModuleList } from "../nn";
import {
  AddPatch,
  CustomPatch,
  ProbePatch,
  RecordPatch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from "../patches";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { engine } from "./native";
import { PatchableGraph } from "./patchableGraph";
import { graphRegistry } from "./registry";
import { sym } from "./symInt";

class Act extends Module {
  forward(input: Tensor): Tensor {
    return torch.tanh(input.mul(2));
  }
}

class Block extends Module {
  readonly proj = new Linear(4, 4);
  readonly act: Act;

  constructor(act: Act) {
    super();
    this.act = act;
  }

  forward(hidden_states: Tensor): [Tensor, { mean: Tensor }] {
    const inner = this.act.call(this.act.call(this.proj.call(hidden_states)));
    return [hidden_states.add(inner), { mean: inner.mean() }];
  }
}

class Model extends Module {
  readonly h = new ModuleList([new Block(new Act()), new Block(new Act())]);

  forward({ x, scale }: { x: Tensor; scale?: Tensor | null }): { logits: Tensor; mean: Tensor } {
    let hidden = scale ? x.mul(scale) : x;
    let mean = torch.zeros([]);
    for (const block of this.h) {
      const [next, extra] = block.call(hidden);
      hidden = next;
      mean = extra.mean;
    }
    const half = sym.floordiv(hidden.size(1), 2);
    return { logits: hidden.narrow(1, 0, half), mean };
  }
}

/** Its arguments are called like its output, a submodule and a parameter. */
class Clashing extends Module {
  readonly proj = new Linear(2, 2);
  declare readonly weight: Tensor;

  constructor() {
    super();
    this.registerParameter("weight", torch.full([2], 3, { dtype: "float32" }));
  }

  forward(proj: Tensor, output: Tensor, weight: Tensor): Tensor {
    return this.proj.call(proj).add(output).mul(weight).mul(this.weight);
  }
}

async function setUp() {
  torch.manual_seed(3);
  const model = new Model();
  const inputs = { x: torch.randn([2, 4, 4]) };
  return { model, inputs, pg: await PatchableGraph.capture(model, inputs) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("names", () => {
  it("number modules that are called twice, join indices and dig into containers", async () => {
    const { pg } = await setUp();
    const names = [...pg.nodes.keys()];
    for (const name of [
      "x",
      "h_0.hidden_states",
      "h_0.proj.weight",
      "h_0.proj.linear",
      "h_0.act_0.mul",
      "h_0.act_1.tanh",
      "h_1.output|sub_0",
      "h_1.output|sub_1.mean",
      "floordiv",
      "output|logits",
      "output|mean",
    ]) {
      expect(names).toContain(name);
    }
    expect(pg.node("h.1.proj").name).toBe("h_1.proj.output");
    expect(pg.nodes.get("h_0.act_1.tanh")).toMatchObject({
      operator: "aten::tanh",
      shape: [2, 4, 4],
      moduleType: "Act",
      kind: "operator",
    });
    expect(pg.nodes.get("h_0.proj.linear")?.code).toMatch(/^layers\.ts:\d+: return torch\.linear/);
  });

  it("of outputs, parameters and submodules are theirs where an argument is called the same", async () => {
    const model = new Clashing();
    const [x, y, z] = [1, 10, 100].map((value) => torch.full([1, 2], value, { dtype: "float32" }));
    const pg = await PatchableGraph.capture(model, [x, y, z]);
    const inner = model.proj.call(x);
    const expected = {
      proj: inner,
      output: inner.add(y).mul(z).mul(3),
      weight: model.weight,
      proj_: x,
      output_: y,
      weight_: z,
    };
    for (const [name, value] of Object.entries(expected)) {
      const probe = new ProbePatch();
      await pg.patch({ [name]: probe }, () => pg.run([x, y, z]));
      expect(probe.activation?.tolist(), name).toEqual(value.tolist());
    }
  });

  it("are refused with what is close, or with what lies under a container", async () => {
    const { pg, inputs } = await setUp();
    expect(() => pg.patch({ "h_0.proj.linaer": new ZeroPatch() }, () => pg.run(inputs))).toThrow(
      /Did you mean "h_0.proj.linear"/,
    );
    expect(() => pg.patch({ h_0: new ZeroPatch() }, () => pg.run(inputs))).toThrow(
      /"h_0.output\|sub_0", "h_0.output\|sub_1.mean"/,
    );
    expect(() => pg.node("nonsense")).toThrow(UnknownNodeError);
  });

  it("walk as a tree that prints and stands for its names", async () => {
    const { pg, inputs } = await setUp();
    expect(String(pg.graph.h_1.proj.linear)).toBe("h_1.proj.linear");
    expect(pg.graph.h_1.proj.linear._shape).toEqual([2, 4, 4]);
    expect(Object.keys(pg.graph.h_0)).toEqual([
      "hidden_states",
      "proj",
      "act_0",
      "act_1",
      "add",
      "mean",
      "output",
    ]);
    expect(String(pg)).toMatch(/Model +\d+ nodes[\s\S]*h_0 +Block/);
    const probe = new ProbePatch();
    await pg.patch({ [`${pg.graph.h_1.proj}`]: probe }, () => pg.run(inputs));
    expect(probe.fired).toBe(true);
  });
});

describe("patches", () => {
  it("leave other users of the same tensor alone", async () => {
    const { pg, inputs } = await setUp();
    const [input, source] = [new ProbePatch(), new ProbePatch()];
    await pg.patch({ "h_1.proj.input": [new ZeroPatch(), input], "h_0.output|sub_0": source }, () =>
      pg.run(inputs),
    );
    expect(input.activation.abs().sum().item()).toBe(0);
    expect(source.activation.abs().sum().item()).not.toBe(0);
  });

  it("apply outer scopes first, in order, and only inside their scope", async () => {
    const { pg, inputs } = await setUp();
    const seen = new RecordPatch();
    const node = "h_0.proj";
    await pg.patch({ [node]: new ReplacePatch({ value: 1 }) }, () =>
      pg.patch({ [node]: [new AddPatch({ value: 2 }), seen] }, () => pg.run(inputs)),
    );
    expect((seen.activations[0] as Tensor).at("0, 0, 0").item()).toBe(3);
    const plain = await pg.run(inputs);
    const again = await pg.run(inputs);
    expect(torch.equal(plain.logits, again.logits)).toBe(true);
    expect(seen.activations.length).toBe(1);
  });

  it("are invisible to other runs in flight", async () => {
    const { pg, inputs } = await setUp();
    const alone = await pg.run(inputs);
    const zeroed = await pg.patch({ "h_1.act_1": new ZeroPatch() }, () => pg.run(inputs));
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? pg.run(inputs)
          : pg.patch({ "h_1.act_1": new ZeroPatch() }, async () => {
              await null;
              return pg.run(inputs);
            }),
      ),
    );
    results.forEach(({ logits }, i) => {
      expect(torch.equal(logits, i % 2 === 0 ? alone.logits : zeroed.logits)).toBe(true);
    });
    expect(torch.equal(alone.logits, zeroed.logits)).toBe(false);
  });

  it("last for a block with `using`", async () => {
    const { pg, inputs } = await setUp();
    const plain = await pg.run(inputs);
    {
      using _scope = pg.patch({ "h_1.act_1": new ZeroPatch() });
      expect(torch.equal((await pg.run(inputs)).logits, plain.logits)).toBe(false);
    }
    expect(torch.equal((await pg.run(inputs)).logits, plain.logits)).toBe(true);
  });

  it("edit parameters, inputs, outputs and sizes", async () => {
    const { pg, inputs, model } = await setUp();
    const probe = new ProbePatch();
    await pg.patch(
      { "h_0.proj.weight": new ZeroPatch(), "h_0.proj.bias": new ZeroPatch(), "h_0.proj": probe },
      () => pg.run(inputs),
    );
    expect(probe.activation.abs().sum().item()).toBe(0);
    expect(model.h.at(0).proj.weight.abs().sum().item()).not.toBe(0);
    const size = new ProbePatch();
    expect(() => size.activation).toThrow(/has seen no value yet/);
    await pg.patch({ floordiv: size }, () => pg.run(inputs));
    expect(size.number).toBe(2);
    expect(() => size.activation).toThrow(/is the number 2; read probe\.number/);
    const shorter = await pg.patch({ floordiv: new ReplacePatch({ value: 1 }) }, () => pg.run(inputs));
    expect(shorter.logits.shape).toEqual([2, 1, 4]);
    const fromZero = await pg.patch({ x: new ZeroPatch() }, () => pg.run(inputs));
    const zero = await pg.run({ x: torch.zeros([2, 4, 4]) });
    expect(torch.equal(fromZero.logits, zero.logits)).toBe(true);
    const { logits } = await pg.patch({ "output|logits": new AddPatch({ value: 5 }) }, () => pg.run(inputs));
    expect(torch.equal(logits, (await pg.run(inputs)).logits.add(5))).toBe(true);
  });

  it("report what they did, and warn when they did nothing", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { pg, inputs } = await setUp();
    const add = new AddPatch({ value: torch.tensor([0.5, -3, 0, 0]), slice: "0, 1" });
    await pg.patch({ "h_0.proj": add }, () => pg.run(inputs));
    expect([add.fired, add.maxChange]).toEqual([true, 3]);
    expect(inspect(add)).toBe("AddPatch [0, 1]: fired, changed values by up to 3");
    expect(inspect(new ProbePatch())).toBe("ProbePatch: saw nothing yet");
    expect(warn).not.toHaveBeenCalled();
    pg.patch({ "h_0.proj": new ZeroPatch() }, () => 1);
    expect(warn).toHaveBeenCalledWith(
      "ZeroPatch at h_0.proj.output never fired: nothing was run in its scope",
    );
  });

  it("may stand on several nodes; a probe may not", async () => {
    const { pg, inputs } = await setUp();
    const add = new AddPatch({ value: 2 });
    const probe = new ProbePatch();
    await pg.patch({ "h_0.proj": add, "h_1.proj": [add, new ScalePatch({ factor: 3 })] }, () =>
      pg.run(inputs),
    );
    expect([add.fired, add.maxChange]).toEqual([true, 2]);
    await expect(pg.patch({ "h_0.proj": probe, "h_1.proj": probe }, () => pg.run(inputs))).rejects.toThrow(
      /the same ProbePatch is on h_0\.proj\.output and on h_1\.proj\.output: it can keep one value only/,
    );
  });

  it("may be any function, asynchronous, in place, or one that runs the graph itself", async () => {
    const { pg, inputs } = await setUp();
    const inner = await pg.run(inputs, { outputs: ["h_0.proj"] });
    const custom = new CustomPatch({
      op: async (value) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const nested = await pg.run(inputs, { outputs: ["x"] });
        expect(torch.equal(nested.x, inputs.x)).toBe(true);
        return value.mul(3);
      },
    });
    const inPlace = new CustomPatch({
      op: (value) => {
        value.add_(1);
      },
    });
    const [before, after] = [new ProbePatch(), new ProbePatch()];
    await pg.patch({ "h_0.proj": [before, custom, inPlace, after] }, () => pg.run(inputs));
    expect(torch.equal(before.activation, inner["h_0.proj"])).toBe(true);
    expect(torch.allclose(after.activation, inner["h_0.proj"].mul(3).add(1))).toBe(true);
  });

  it("that throw reject the run with their error", async () => {
    const { pg, inputs } = await setUp();
    const failing = new CustomPatch({
      op: () => {
        throw new RangeError("mine");
      },
    });
    await expect(pg.patch({ "h_0.proj": failing }, () => pg.run(inputs))).rejects.toThrow(RangeError);
    const wrong = new CustomPatch({ op: () => "text" as unknown as number });
    await expect(pg.patch({ "h_0.proj": wrong }, () => pg.run(inputs))).rejects.toThrow(PatchError);
    await pg.run(inputs);
  });

  it("that do not fit are refused with node and shapes", async () => {
    const { pg, inputs } = await setUp();
    const at = (patch: AddPatch | ReplacePatch, given = inputs) =>
      pg.patch({ "h_0.proj": patch }, () => pg.run(given));
    const other = { x: torch.randn([1, 6, 4]) };
    for (const given of [inputs, other]) {
      await expect(at(new AddPatch({ value: torch.zeros([3]) }), given)).rejects.toThrow(
        /AddPatch at h_0\.proj\.output: a value of shape \[3\] does not fit the node, of shape \[\d, \d, 4\]/,
      );
      await expect(at(new ReplacePatch({ value: torch.zeros([4]), slice: "0, 9" }), given)).rejects.toThrow(
        /ReplacePatch \[0, 9\] at h_0\.proj\.output: the slice does not fit/,
      );
    }
    await expect(
      pg.patch({ x: new AddPatch({ value: torch.tensor([true]) }) }, () => pg.run(inputs)),
    ).resolves.toBeDefined();
    expect(() => new AddPatch({} as never)).toThrow(PatchError);
    expect(() => pg.patch({ x: "zero" as never }, () => 0)).toThrow(/expected a patch/);
  });
});

describe("gradients", () => {
  it("flow through custom patches, to what they use and to what lies above", async () => {
    const { pg, inputs } = await setUp();
    const gain = torch.tensor(2.5, { requires_grad: true });
    const delta = torch.zeros([4], { requires_grad: true });
    const probe = new ProbePatch();
    const gated = new CustomPatch({ op: async (value) => value.mul(gain) });
    const { logits } = await pg.patch({ "h_1.proj": [new AddPatch({ value: delta }), probe, gated] }, () =>
      pg.run(inputs),
    );
    const plain = logits.detach();
    await logits.mul(logits).sum().backward();
    // The same with the operators themselves: scaling the patched value is scaling by the factor.
    const [otherGain, otherDelta] = [gain, delta].map((value) => value.detach().clone().requires_grad_());
    const again = await pg.patch(
      { "h_1.proj": [new AddPatch({ value: otherDelta }), new ScalePatch({ factor: otherGain })] },
      () => pg.run(inputs),
    );
    expect(torch.equal(again.logits.detach(), plain)).toBe(true);
    await again.logits.mul(again.logits).sum().backward();
    expect(torch.allclose(gain.grad as Tensor, otherGain.grad as Tensor)).toBe(true);
    expect(torch.allclose(delta.grad as Tensor, otherDelta.grad as Tensor)).toBe(true);
  });

  it("reach patch values, parameters and probed activations", async () => {
    const { pg, inputs, model } = await setUp();
    const delta = torch.zeros([4], { requires_grad: true });
    const probe = new ProbePatch({ grad: true });
    const node = "h_0.proj";
    const { logits } = await pg.patch({ [node]: [new AddPatch({ value: delta }), probe] }, () =>
      pg.run(inputs),
    );
    await logits.sum().backward();
    expect(delta.grad?.shape).toEqual([4]);
    expect(torch.allclose(delta.grad as Tensor, (probe.grad as Tensor).sum([0, 1]))).toBe(true);

    const weight = model.h.at(0).proj.weight;
    expect(weight.grad).toBeNull();
    weight.requires_grad = true;
    await (await pg.run(inputs)).logits.sum().backward();
    expect(weight.grad?.shape).toEqual([4, 4]);
    weight.requires_grad = false;
    const quiet = await torch.noGrad(() => pg.run(inputs));
    expect(quiet.logits.requires_grad).toBe(false);
  });

  it("of an activation that nothing upstream records is there on request", async () => {
    const { pg, inputs } = await setUp();
    const probe = new ProbePatch({ grad: true });
    const { logits } = await pg.patch({ "h_1.hidden_states": probe }, () => pg.run(inputs));
    await logits.sum().backward();
    expect(probe.grad?.shape).toEqual([2, 4, 4]);
    expect(probe.activation.requires_grad).toBe(false);
  });
});

describe("runs", () => {
  it("compute only what is asked for", async () => {
    const { pg, inputs } = await setUp();
    const plans = vi.spyOn(engine, "createPlan");
    const value = torch.zeros([2, 4, 4]);
    await pg.run(inputs, { outputs: ["h_0.proj"] });
    const replaced = await pg.patch({ "h_1.hidden_states": new ReplacePatch({ value }) }, () =>
      pg.run(inputs),
    );
    const [first, second] = plans.mock.results.map((result) => engine.planSteps(result.value));
    expect(first).toEqual(["h_0.proj.linear"]);
    expect(second.some((name) => name.startsWith("h_0."))).toBe(false);
    const patch = new ReplacePatch({ value: torch.zeros([4]) });
    const computed = await pg.patch({ "h_1.hidden_states": [new AddPatch({ value: 1 }), patch] }, () =>
      pg.run(inputs),
    );
    expect(torch.equal(replaced.logits, computed.logits)).toBe(true);
  });

  it("serve other batch sizes and lengths", async () => {
    const { pg, model } = await setUp();
    for (const shape of [
      [1, 2, 4],
      [5, 9, 4],
    ]) {
      const inputs = { x: torch.randn(shape) };
      const expected = torch.noGrad(() => model.call(inputs));
      expect(torch.equal((await pg.run(inputs)).logits, expected.logits)).toBe(true);
    }
  });

  it("refuse inputs that do not fit the capture", async () => {
    const { pg, inputs } = await setUp();
    await expect(pg.run({})).rejects.toThrow(/input x/);
    await expect(pg.run({ ...inputs, scale: torch.ones([]) })).rejects.toThrow(ArgumentError);
    await expect(pg.run({ ...inputs, scale: null })).resolves.toBeDefined();
    await expect(pg.run({ x: inputs.x.to("float64") })).rejects.toThrow(DtypeError);
    await expect(pg.run({ x: inputs.x.at("0") })).rejects.toThrow(ShapeError);
    await expect(pg.run({ x: torch.zeros([2, 4, 5]) })).rejects.toThrow(
      /aten::linear failed at node h_0\.proj\.linear/,
    );
  });

  it("stop when their signal says so", async () => {
    const { pg, inputs } = await setUp();
    await expect(pg.run(inputs, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
    const controller = new AbortController();
    const stop = new CustomPatch({ op: () => controller.abort() });
    await expect(
      pg.patch({ "h_0.proj": stop }, () => pg.run(inputs, { signal: controller.signal })),
    ).rejects.toThrow(/cancelled before node/);
  });
});

describe("capture", () => {
  class One extends Module {
    constructor(readonly body: (x: Tensor) => Tensor) {
      super();
    }
    forward(x: Tensor): Tensor {
      return this.body(x);
    }
  }

  it("refuses what a graph cannot hold, and works again after that", async () => {
    const x = torch.ones([2, 3]);
    const attempt = (body: (x: Tensor) => Tensor) => PatchableGraph.capture(new One(body), x);
    await expect(attempt((t) => t.add_(1))).rejects.toThrow(/in-place operator add_ in One/);
    await expect(attempt((t) => t.mul(t.sum().item() as number))).rejects.toThrow(CaptureError);
    await expect(attempt((t) => new Act().call(t))).rejects.toThrow(/is not one of the model's modules/);
    const pg = await attempt((t) => t.add(1));
    expect(torch.equal(await pg.run(x), torch.full([2, 3], 2))).toBe(true);
  });

  it("holds plain sizes as guards, and only those that were read", async () => {
    const pg = await PatchableGraph.capture(new One((x) => x.mul(x.shape[1])), torch.ones([2, 3]));
    expect(torch.equal(await pg.run(torch.ones([5, 3])), torch.full([5, 3], 3))).toBe(true);
    await expect(pg.run(torch.ones([2, 4]))).rejects.toThrow(
      /size was 3 at capture and is 4 now; One \(the root module\)/,
    );
  });

  it("shows parameters and buffers that nothing uses", async () => {
    class Idle extends Module {
      readonly used = new Linear(3, 3);
      readonly idle = new ModuleList([new Linear(3, 2)]);
      forward(x: Tensor): Tensor {
        return this.used.call(x);
      }
    }
    const x = torch.ones([1, 3]);
    const pg = await PatchableGraph.capture(new Idle(), x);
    expect(pg.nodes.get("idle_0.weight")).toMatchObject({ kind: "parameter", shape: [2, 3] });
    expect([...pg.nodes.keys()].filter((name) => name.endsWith("weight"))).toEqual([
      "used.weight",
      "idle_0.weight",
    ]);
    const probe = new ProbePatch();
    await pg.patch({ "idle.0.bias": probe }, () => pg.run(x));
    expect(probe.activation.shape).toEqual([2]);
  });

  it("tells the registry", async () => {
    const captured = vi.fn();
    const ran = vi.fn();
    graphRegistry.on("captured", captured).on("ran", ran);
    const { pg, inputs } = await setUp();
    expect(captured).toHaveBeenCalledWith(pg);
    expect(graphRegistry.list()).toContain(pg);
    await pg.run(inputs);
    expect(ran).not.toHaveBeenCalled();
    const [zero, probe] = [new ZeroPatch(), new ProbePatch()];
    await pg.patch({ "h_0.proj": [zero, probe] }, () => pg.run(inputs));
    const patches = [zero, probe].map((patch) => ({ node: "h_0.proj.output", patch }));
    expect(ran).toHaveBeenLastCalledWith({ graph: pg, patches });
    await pg.run(inputs);
    await pg.run(inputs);
    expect(ran).toHaveBeenCalledTimes(2);
    expect(ran).toHaveBeenLastCalledWith({ graph: pg, patches: [] });
    graphRegistry.off("captured", captured).off("ran", ran);
  });
});
