import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../errors";
import { torch } from "../torch";
import { Adam, type AdamOptions, AdamW, SGD, type SGDOptions } from ".";

const fixture = JSON.parse(
  readFileSync(join(__dirname, "../../../test/fixtures/torch/optim.json"), "utf8"),
) as {
  a: number[];
  b: number[];
  start: number[];
  runs: { optimiser: "Adam" | "AdamW" | "SGD"; options: AdamOptions & SGDOptions; steps: number[][] }[];
};

describe("optimisers take PyTorch's steps", () => {
  it.each(fixture.runs)("$optimiser $options", async ({ optimiser, options, steps }) => {
    const a = torch.tensor(fixture.a, { dtype: "float32" });
    const b = torch.tensor(fixture.b, { dtype: "float32" });
    const p = torch.tensor(fixture.start, { dtype: "float32", requires_grad: true });
    const stepper = new { Adam, AdamW, SGD }[optimiser]([p], options);
    for (const expected of steps) {
      stepper.zeroGrad();
      const loss = p.mul(a).sub(b).pow(4).div(4).sum();
      await loss.backward();
      stepper.step();
      const found = p.tolist() as number[];
      found.forEach((value, k) => {
        expect(Math.abs(value - expected[k])).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected[k])));
      });
    }
    expect(p.requires_grad && p.is_leaf).toBe(true);
  });
});

describe("optimisers", () => {
  it("skip parameters without a gradient and forget gradients on zeroGrad", async () => {
    const [p, q] = [1, 2].map((value) => torch.tensor([value], { dtype: "float32", requires_grad: true }));
    const sgd = new SGD([p, q], { lr: 1 });
    await p.sum().backward();
    sgd.step();
    expect([p.item(), q.item()]).toEqual([0, 2]);
    sgd.zeroGrad();
    expect(p.grad).toBe(null);
  });

  it("refuse what cannot be optimised", () => {
    const p = torch.zeros([1], { requires_grad: true });
    expect(() => new Adam([])).toThrow(ArgumentError);
    expect(() => new Adam([p, torch.zeros([1])])).toThrow("parameter 1 cannot be optimised");
    expect(() => new Adam([p.mul(2)])).toThrow(ArgumentError);
    expect(() => new Adam([p], { lr: -1 })).toThrow("lr must not be negative");
    expect(() => new Adam([p], { betas: [1, 0.9] })).toThrow("betas must be in [0, 1)");
    expect(() => new SGD([p], { nesterov: true })).toThrow("nesterov needs momentum");
  });
});
