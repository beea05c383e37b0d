import { describe, expect, it } from "vitest";
import { Module } from "../nn";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { PatchableGraph } from "./patchableGraph";

/** Three uses of a parameter whose gradients give another sum in another order. */
class ThreeUses extends Module {
  declare readonly weight: Tensor;

  constructor() {
    super();
    this.registerParameter("weight", torch.ones([]));
  }

  forward(x: Tensor): { a: Tensor; b: Tensor; c: Tensor } {
    return { a: this.weight.mul(x), b: this.weight.mul(x.mul(-1e8)), c: this.weight.mul(x.mul(1e8)) };
  }
}

describe("gradients", () => {
  it("are added in the model's order, whichever thread recorded what", async () => {
    const model = new ThreeUses().requires_grad_(true);
    const x = torch.ones([]);
    const pg = await PatchableGraph.capture(model, x);
    const gradient = async ({ a, b, c }: { a: Tensor; b: Tensor; c: Tensor }) => {
      const late = c.mul(1).mul(1);
      model.weight.grad = null;
      await a.add(b).add(late).backward();
      return model.weight.grad;
    };
    for (let run = 0; run < 20; run++) await pg.run(x);
    // c, b, a: 1e8 - 1e8 + 1. In float32 -1e8 + 1 + 1e8 is 0.
    expect((await gradient(await pg.run(x)))?.item()).toBe(1);
    expect((await gradient(model.call(x)))?.item()).toBe(1);
  });
});
