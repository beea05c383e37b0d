import { describe, expect, it } from "vitest";
import { Linear, Module } from "../nn";
import { ProbePatch, RecordPatch, ReplacePatch, ZeroPatch } from "../patches";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { PatchableGraph } from "./patchableGraph";

class Model extends Module {
  readonly proj = new Linear(4, 4);
  declare readonly scale: Tensor;

  constructor() {
    super();
    this.registerBuffer("scale", torch.arange(1, 4, { dtype: "float32" }));
  }

  forward(x: Tensor): { y: Tensor; mask: Tensor } {
    const positions = torch.arange(x.size(1), { dtype: "float32" });
    const mask = positions.unsqueeze(1).mul(this.scale.unsqueeze(0));
    return { y: this.proj.call(x).add(mask.sum()), mask };
  }
}

async function setUp() {
  torch.manual_seed(1);
  const model = new Model();
  model.requires_grad_(false);
  const x = torch.randn([2, 3, 4]);
  return { model, x, pg: await PatchableGraph.capture(model, x) };
}

describe("what a probe saw", () => {
  it("is let go of when the probe sees another value, at once", async () => {
    const { pg } = await setUp();
    const x = torch.zeros([64, 64, 4]);
    const probe = new ProbePatch();
    const look = () => pg.patch({ "proj.linear": probe }, () => pg.run(x, { outputs: ["output|mask"] }));
    await look();
    const { bytes } = torch.memory();
    for (let i = 0; i < 20; i++) await look();
    // half of one value: what the runs gave besides is small
    expect(torch.memory().bytes).toBeLessThan(bytes + 16 * 64 * 64 * 2);
    expect(probe.activation.shape).toEqual([64, 64, 4]);
  });

  it("stays as it was when the weight it saw is edited, and the other way round", async () => {
    const { model, x, pg } = await setUp();
    const before = model.proj.weight.clone();
    const [read, unread] = [new ProbePatch(), new ProbePatch()];
    await pg.patch({ "proj.weight": [read, unread] }, () => pg.run(x));
    expect(torch.equal(read.activation, before)).toBe(true);
    read.activation.add_(1);
    read.activation.at("0").zero_();
    expect(torch.equal(model.proj.weight, before)).toBe(true);
    model.proj.weight.mul_(2);
    expect(torch.equal(unread.activation, before)).toBe(true);
    expect(torch.equal(model.proj.weight, before.mul(2))).toBe(true);
  });

  it("is not changed through an output, a view, an input or a patch's value of the same memory", async () => {
    const { x, pg } = await setUp();
    const value = torch.ones([2, 3, 4]);
    const probes = {
      x: new ProbePatch(),
      "proj.linear": new ProbePatch(),
      "output|y": new ProbePatch(),
      add: new ProbePatch(),
    };
    const copy = x.clone();
    const outputs = await pg.patch({ ...probes, "proj.input": new ReplacePatch({ value }) }, () => pg.run(x));
    const expected = outputs.y.clone();
    outputs.y.zero_();
    x.fill_(7);
    value.fill_(9);
    expect(torch.equal(probes["output|y"].activation, expected)).toBe(true);
    probes["output|y"].activation.at("0").fill_(3);
    expect(torch.equal(probes.add.activation, expected)).toBe(true);
    expect(torch.equal(probes.x.activation, copy)).toBe(true);
  });

  it("outlives later runs, the graph and the model", async () => {
    const record = new RecordPatch();
    {
      const { x, pg } = await setUp();
      await pg.patch({ "proj.linear": record }, async () => {
        for (let i = 0; i < 3; i++) await pg.run(x.mul(i));
      });
    }
    for (let i = 0; i < 20; i++) torch.randn([2, 3, 4]);
    const [zero, one, two] = record.activations as Tensor[];
    expect(torch.allclose(two.sub(zero), one.sub(zero).mul(2), 1e-4, 1e-5)).toBe(true);
  });

  it("costs no memory for weights until it is read", async () => {
    class Wide extends Module {
      readonly proj = new Linear(1024, 1024);
      forward(x: Tensor): Tensor {
        return this.proj.call(x);
      }
    }
    const model = new Wide().requires_grad_(false);
    const pg = await PatchableGraph.capture(model, torch.ones([1, 1024]));
    const before = torch.memory().bytes;
    const probe = new ProbePatch();
    await pg.patch({ "proj.weight": probe }, () => pg.run(torch.ones([1, 1024])));
    expect(torch.memory().bytes - before).toBeLessThan(1 << 20);
    expect(probe.activation.shape).toEqual([1024, 1024]);
    expect(Number(probe.activation.sub(model.proj.weight).abs().max().item())).toBe(0);
  });
});

describe("values that depend on shapes only", () => {
  it("follow the shapes, and buffers that are edited", async () => {
    const { model, x, pg } = await setUp();
    const check = async (input: Tensor) => {
      const [expected, { y, mask }] = [torch.noGrad(() => model.call(input)), await pg.run(input)];
      expect(torch.equal(y, expected.y)).toBe(true);
      expect(torch.equal(mask, expected.mask)).toBe(true);
    };
    for (const length of [3, 5, 3, 1, 2, 4, 6, 3]) await check(torch.randn([1, length, 4]));
    await check(x);
    model.scale.mul_(3);
    await check(x);
  });

  it("are not changed by what a caller does to the ones it was given", async () => {
    const { x, pg } = await setUp();
    const first = await pg.run(x);
    const probe = new ProbePatch();
    const again = await pg.patch({ mul: probe }, () => pg.run(x));
    const expected = again.mask.clone();
    first.mask.zero_();
    again.mask.fill_(5);
    probe.activation.fill_(6);
    const last = await pg.run(x);
    expect(torch.equal(last.mask, expected)).toBe(true);
    expect(torch.equal(last.y, first.y)).toBe(true);
  });

  it("can be patched", async () => {
    const { x, pg } = await setUp();
    const plain = await pg.run(x);
    const patched = await pg.patch({ mul: new ZeroPatch() }, () => pg.run(x));
    expect(patched.mask.abs().sum().item()).toBe(0);
    expect(torch.equal(patched.y, plain.y)).toBe(false);
    expect(torch.equal((await pg.run(x)).y, plain.y)).toBe(true);
  });

  it("do not include random ones", async () => {
    class Noisy extends Module {
      forward(x: Tensor): Tensor {
        return x.add(torch.rand([x.size(0), 4]));
      }
    }
    const x = torch.zeros([2, 4]);
    const pg = await PatchableGraph.capture(new Noisy(), x);
    expect(torch.equal(await pg.run(x), await pg.run(x))).toBe(false);
  });
});
