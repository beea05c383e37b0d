import { describe, expect, it } from "vitest";
import { setUp } from "../../../test/support/toyGraph";
import { UnknownNodeError } from "../errors";
import { Linear, Module } from "../nn";
import { ProbePatch, ZeroPatch } from "../patches";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { PatchableGraph } from "./patchableGraph";

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
