import { describe, expect, it } from "vitest";
import { Embedding, Linear, Module } from "../nn";
import { AddPatch, ProbePatch, ReplacePatch, ZeroPatch } from "../patches";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { PatchableGraph } from "./patchableGraph";

/** Matrices in each form that a weight comes in, one of them tied to an embedding. */
class Model extends Module {
  readonly embedding = new Embedding(50, 32);
  readonly first = new Linear(32, 48);
  readonly second = new Linear(48, 32, { bias: false });
  readonly head = new Linear(32, 50, { bias: false });
  declare readonly matrix: Tensor;
  declare readonly bias: Tensor;

  constructor() {
    super();
    this.head.registerParameter("weight", this.embedding.weight);
    this.registerParameter("matrix", torch.randn([32, 32]));
    this.registerParameter("bias", torch.randn([32]));
  }

  forward(ids: Tensor): { logits: Tensor } {
    const embedded = this.embedding.call(ids);
    const mixed = this.second.call(torch.tanh(this.first.call(embedded)));
    const rows = torch.addmm(this.bias, mixed.view([-1, 32]), this.matrix);
    const folded = torch.matmul(rows.view([ids.size(0), -1, 32]), this.matrix);
    return {
      logits: this.head.call(
        folded.add(torch.addmm(this.bias, rows, this.matrix, { beta: 2 }).view([ids.size(0), -1, 32])),
      ),
    };
  }
}

async function setUp() {
  torch.manual_seed(2);
  const model = new Model().requires_grad_(false);
  const ids = torch.randint(0, 50, [2, 7]);
  const pg = await PatchableGraph.capture(model, ids);
  const run = async () => (await pg.run(ids)).logits;
  return { model, ids, pg, run };
}

function expectNear(actual: Tensor, wanted: Tensor) {
  const scale = Number(wanted.abs().max().item());
  expect(Number(actual.sub(wanted).abs().max().item())).toBeLessThanOrEqual(1e-4 * scale);
}

describe("optimize", () => {
  it("packs weights, stays within its tolerance, and is undone", async () => {
    const { pg, run } = await setUp();
    const exact = await run();
    const { packed, bytes } = await pg.optimize();
    expect(packed).toBe(4);
    expect(bytes).toBe(4 * (32 * 48 + 48 * 32 + 32 * 32 + 50 * 32));
    expectNear(await run(), exact);
    expect(await pg.optimize(false)).toEqual({ packed: 0, bytes: 0 });
    expect(torch.equal(await run(), exact)).toBe(true);
  });

  it("never uses an old packing of an edited weight", async () => {
    const { model, ids, pg, run } = await setUp();
    await pg.optimize();
    await run();
    model.first.weight.mul_(3);
    model.matrix.at("0").fill_(2);
    model.embedding.weight.at("5").zero_();
    expectNear(await run(), torch.noGrad(() => model.call(ids)).logits);
  });

  it("leaves patched weights to the operator, inputs and results to patches", async () => {
    const { pg, run } = await setUp();
    const patches = {
      "first.weight": new ZeroPatch({ slice: "0:4" }),
      matrix: new ReplacePatch({ value: torch.ones([32, 32]) }),
      "head.weight": new AddPatch({ value: 1, slice: "3" }),
      second: new AddPatch({ value: 0.5, slice: ":, 0" }),
    };
    const exact = await pg.patch(patches, run);
    await pg.optimize();
    const probe = new ProbePatch();
    expectNear(await pg.patch({ ...patches, first: probe }, run), exact);
    expect(probe.activation.shape).toEqual([2, 7, 48]);
  });

  it("leaves runs that record gradients exact", async () => {
    const { model, pg, run } = await setUp();
    const delta = torch.zeros([32], { requires_grad: true });
    const gradient = async () => {
      delta.grad = null;
      const logits = await pg.patch({ embedding: new AddPatch({ value: delta }) }, run);
      await logits.mul(logits).sum().backward();
      return [logits, delta.grad as Tensor | null];
    };
    const exact = await gradient();
    await pg.optimize();
    const optimized = await gradient();
    optimized.forEach((value, i) => {
      expect(value && torch.equal(value, exact[i] as Tensor)).toBe(true);
    });
    model.first.weight.requires_grad = true;
    await (await run()).sum().backward();
    expect(model.first.weight.grad?.shape).toEqual([48, 32]);
  });

  it("does nothing for other dtypes", async () => {
    class Half extends Module {
      readonly proj = new Linear(8, 8, { dtype: "bfloat16" });
      forward(x: Tensor): Tensor {
        return this.proj.call(x);
      }
    }
    const x = torch.ones([1, 8], { dtype: "bfloat16" });
    const pg = await PatchableGraph.capture(new Half(), x);
    const exact = await pg.run(x);
    expect((await pg.optimize()).packed).toBe(0);
    expect(torch.equal(await pg.run(x), exact)).toBe(true);
  });
});
