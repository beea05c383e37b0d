import fc from "fast-check";
import { expect, it } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { Linear, Module } from "../../native/lib/nn";
import { AddPatch, ProbePatch, RecordPatch, ScalePatch } from "../../native/lib/patches";
import type { SweepOptions } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import { programs, RandomModule, randomInputs } from "../property/randomModel";
import { makePatch, patchChoices } from "../property/randomPatches";

it("random patches on random graphs give what ordinary runs give", async () => {
  let batched = 0;
  await fc.assert(
    fc.asyncProperty(
      programs,
      fc.array(patchChoices, { minLength: 1, maxLength: 4 }),
      fc.nat(1000),
      async (program, choices, seed) => {
        torch.manual_seed(seed);
        const inputs = randomInputs(2, 3);
        const pg = await PatchableGraph.capture(new RandomModule(program), inputs);
        const nodes = [...pg.nodes.values()];
        // The same nodes with other patches several times over, so that there is something to share.
        const cells = choices.flatMap((cell) =>
          [0, 1, 2].map((variant) => {
            const patches: Record<string, ReturnType<typeof makePatch>[]> = {};
            for (const choice of cell) {
              const node = nodes[choice.node % nodes.length];
              const patch = makePatch({ ...choice, kind: choice.kind + variant }, node);
              if (patch instanceof ProbePatch || patch instanceof RecordPatch) continue;
              patches[node.name] = [...(patches[node.name] ?? []), patch];
            }
            return patches;
          }),
        );
        const options: SweepOptions = {
          inputs,
          cells,
          metric: (outputs) => Object.values(outputs)[0].sum([1, 2]),
          outputs: ["output|last"],
        };
        const exact = await pg.sweep({ ...options, exact: true });
        const all = await pg.sweep(options);
        batched += all.levels.find(({ level }) => level === "batch")?.cells ?? 0;
        const [x, y] = [all, exact].map(({ samples }) => samples.flat());
        x.forEach((value, i) => {
          const same = Object.is(value, y[i]) || Math.abs(value - y[i]) <= 1e-4 * Math.max(1, Math.abs(y[i]));
          expect(same, `${value} ${y[i]}`).toBe(true);
        });
      },
    ),
    { numRuns: 60 },
  );
  expect(batched).toBeGreaterThan(50);
}, 120_000);

/** Takes the mean over the texts of a batch away. */
class Centred extends Module {
  readonly linear = new Linear(4, 4);
  forward(x: Tensor): Tensor {
    const hidden = this.linear.call(x);
    return torch.tanh(hidden.sub(hidden.mean([0], true)));
  }
}

/** Sizes that are constants of the capture. */
class ConstantSizes extends Module {
  readonly linear = new Linear(4, 4);
  forward(x: Tensor): Tensor {
    return this.linear.call(x).view([2, 12]).tanh();
  }
}

/** A product over positions: each sees all others. */
class Mixed extends Module {
  readonly linear = new Linear(4, 4);
  forward(x: Tensor): Tensor {
    const hidden = this.linear.call(x);
    return torch.tanh(torch.matmul(torch.softmax(torch.matmul(hidden, hidden.transpose(1, 2)), -1), hidden));
  }
}

it.each([
  ["a mean over the batch", () => new Centred(), 0, "batch", /mean has no rule for rows/],
  ["constant sizes", () => new ConstantSizes(), 3, "batch", /^$/],
  ["attention without a mask", () => new Mixed(), 1, "causal", /see later ones|nothing hides later/],
] as const)("cells of a graph with %s", async (_, make, count, level, why) => {
  torch.manual_seed(4);
  const inputs = torch.randn([2, 3, 4]);
  const pg = await PatchableGraph.capture(make(), inputs);
  const cells = [0, 1, 2].map((t) => ({
    linear: [new ScalePatch({ factor: 2, slice: [{}, t] }), new AddPatch({ value: 0.1, slice: [0, t] })],
  }));
  const metric = (outputs: Record<string, Tensor>) => Object.values(outputs)[0].reshape([2, 12]).sum(1);
  const result = await pg.sweep({ inputs, cells, metric, outputs: ["output"] });
  const report = result.levels.find((one) => one.level === level);
  expect(report?.cells).toBe(count);
  expect(report?.why).toMatch(why);
  for (const [i, cell] of cells.entries()) {
    const output = (await pg.patch(cell, () => pg.run(inputs))) as Tensor;
    const wanted = metric({ output }).tolist() as number[];
    wanted.forEach((value, text) => {
      expect(result.samples[i][text]).toBeCloseTo(value, 5);
    });
  }
});
