import { describe, expect, it, vi } from "vitest";
import { Linear } from "../nn/layers";
import { Module } from "../nn/module";
import { AddPatch, ProbePatch, ZeroPatch } from "../patches";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { PatchableGraph } from "./patchableGraph";
import { graphRegistry } from "./registry";

class Mlp extends Module {
  readonly up = new Linear(4, 8);
  readonly down = new Linear(8, 4);

  forward(x: Tensor): Tensor {
    const [left, right] = this.up.call(x).chunk(2, -1);
    return this.down.call(torch.cat([left.tanh(), right], -1));
  }
}

class Model extends Module {
  readonly embed = new Linear(4, 4);
  readonly mlp = new Mlp();

  forward({ ids }: { ids: Tensor }): { logits: Tensor } {
    const hidden = torch.one_hot(ids, 4).float();
    const stream = this.embed.call(hidden);
    return { logits: stream.add(this.mlp.call(stream)) };
  }
}

async function setUp() {
  torch.manual_seed(3);
  const inputs = { ids: torch.tensor([[0, 1, 3, 2, 1]]) };
  return { inputs, pg: await PatchableGraph.capture(new Model(), inputs) };
}

describe("details of a node", () => {
  it("tell what it is computed from and what from it", async () => {
    const { pg } = await setUp();
    const add = pg.details("add");
    expect(add.inputs).toEqual(["embed.output", "mlp.output"]);
    expect(add.users).toEqual(["output|logits"]);
    expect(pg.details("embed").users).toEqual(["mlp.x", "add"]);
    expect(pg.details("mlp.up.linear").inputs).toEqual(["mlp.up.input", "mlp.up.weight", "mlp.up.bias"]);
    // A list of tensors, one of them part of a tuple.
    const cat = pg.details("mlp.cat");
    expect(cat.inputs).toEqual(["mlp.tanh", "mlp.chunk|sub_1"]);
    expect(pg.details("ids").inputs).toEqual([]);
    for (const name of pg.nodes.keys()) {
      const { inputs, users } = pg.details(name);
      for (const input of inputs) expect(pg.details(input).users).toContain(name);
      for (const user of users) expect(pg.details(user).inputs).toContain(name);
    }
  });

  it("give the operator's signature, names of dimensions, and the device", async () => {
    const { pg } = await setUp();
    expect(pg.details("add")).toMatchObject({
      name: "add",
      schema: "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
      dims: ["batch", "token", "hidden"],
      device: "cpu",
      aliases: [],
    });
    expect(pg.details("mlp.up.weight")).toMatchObject({ schema: null, device: "cpu" });
  });

  it("refuse an unknown name", async () => {
    const { pg } = await setUp();
    expect(() => pg.details("ad")).toThrow(/Did you mean "add"/);
  });
});

describe("watch", () => {
  it("sees every later run, after all patches, until it is disposed", async () => {
    const { pg, inputs } = await setUp();
    const seen: number[][] = [];
    const watch = pg.watch("mlp", (probe) => seen.push(probe.activation.flatten().tolist() as number[]));
    const { logits } = await pg.run(inputs);
    expect(seen).toHaveLength(1);
    expect(torch.tensor(seen[0]).count_nonzero().item()).toBeGreaterThan(0);
    await pg.patch({ mlp: new ZeroPatch() }, () => pg.run(inputs));
    expect(seen[1].every((value) => value === 0)).toBe(true);
    watch[Symbol.dispose]();
    await pg.run(inputs);
    expect(seen).toHaveLength(2);
    expect(logits.shape).toEqual([1, 5, 4]);
  });

  it("changes neither results nor gradients, and is no patch that others hear of", async () => {
    const { pg, inputs } = await setUp();
    const delta = torch.ones([4], { requires_grad: true });
    const run = async () => {
      delta.grad = null;
      const { logits } = await pg.patch({ embed: new AddPatch({ value: delta }) }, () => pg.run(inputs));
      await logits.sum().backward();
      return [logits.tolist(), (delta.grad as Tensor | null)?.tolist()];
    };
    const before = await run();
    const ran = vi.fn();
    graphRegistry.on("ran", ran);
    const seen = vi.fn();
    const watches = ["embed", "mlp.tanh", "add"].map((name) => pg.watch(name, seen));
    const withProbe = new ProbePatch();
    await pg.patch({ "mlp.tanh": withProbe }, () => pg.run(inputs));
    expect(ran.mock.lastCall?.[0].patches).toEqual([{ node: "mlp.tanh", patch: withProbe }]);
    expect(await run()).toEqual(before);
    expect(seen).toHaveBeenCalledTimes(6);
    graphRegistry.off("ran", ran);
    for (const watch of watches) watch[Symbol.dispose]();
  });

  it("computes a node that nothing else needs, and is not told of runs that ended before", async () => {
    const { pg, inputs } = await setUp();
    const seen = vi.fn();
    using _ = pg.watch("mlp.tanh", (probe) => seen(probe.activation.shape));
    await pg.run(inputs, { outputs: ["embed"] });
    expect(seen).toHaveBeenCalledWith([1, 5, 4]);
    expect(() => pg.watch("mlp.tan", seen)).toThrow(/Did you mean "mlp.tanh"/);
  });
});
