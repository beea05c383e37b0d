import { afterEach, describe, expect, it, vi } from "vitest";
import { Act, setUp } from "../../../test/support/toyGraph";
import { ArgumentError, CancelledError, CaptureError, DtypeError, ShapeError } from "../errors";
import { Linear, Module, ModuleList } from "../nn";
import { AddPatch, CustomPatch, ProbePatch, ReplacePatch, ScalePatch, ZeroPatch } from "../patches";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { engine } from "./native";
import { PatchableGraph } from "./patchableGraph";
import { graphRegistry } from "./registry";

afterEach(() => {
  vi.restoreAllMocks();
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
