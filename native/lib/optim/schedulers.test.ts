import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../errors";
import { torch } from "../torch";
import { Adam, CosineAnnealingLR, LambdaLR, SGD, StepLR } from ".";

// PyTorch's learning rates: test/fixtures/torch/make_torch.py.
const runs = JSON.parse(
  readFileSync(join(__dirname, "../../../test/fixtures/torch/schedulers.json"), "utf8"),
) as {
  scheduler: "LambdaLR" | "StepLR" | "CosineAnnealingLR";
  options: { step_size: number; gamma?: number } & { T_max: number; eta_min?: number };
  rates: number[];
}[];

const parameter = () => torch.tensor([1], { dtype: "float32", requires_grad: true });

describe("schedulers", () => {
  it.each(runs)("$scheduler $options has PyTorch's learning rates", ({ scheduler, options, rates }) => {
    const sgd = new SGD([parameter()], { lr: 0.2 });
    const made =
      scheduler === "LambdaLR"
        ? new LambdaLR(sgd, (steps) => Math.min(1, (steps + 1) / 4))
        : new { StepLR, CosineAnnealingLR }[scheduler](sgd, options);
    for (const rate of rates) {
      expect(made.lr).toBeCloseTo(rate, 12);
      made.step();
    }
  });

  it("the optimiser steps with the rate that is set", async () => {
    const p = parameter();
    const sgd = new SGD([p], { lr: 1 });
    const scheduler = new StepLR(sgd, { step_size: 1, gamma: 0.5 });
    for (const wanted of [0, -0.5, -0.75]) {
      sgd.zeroGrad();
      await p.sum().backward();
      sgd.step();
      scheduler.step();
      expect(Number(p.item())).toBeCloseTo(wanted, 6);
    }
  });

  it("refuses what is no number of steps", () => {
    const adam = new Adam([parameter()]);
    expect(() => new StepLR(adam, { step_size: 0 })).toThrow(ArgumentError);
    expect(() => new CosineAnnealingLR(adam, { T_max: 1.5 })).toThrow(/T_max must be a positive integer/);
  });
});
