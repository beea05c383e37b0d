import "../support/standInGpu";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM } from "../../native/lib/models";
import { Linear } from "../../native/lib/nn";
import { Adam, AdamW, SGD } from "../../native/lib/optim";
import { AddPatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { relativeDifference } from "../support/parity";
import { describeOnGpu } from "../support/standInGpu";

const inputs = { input_ids: torch.tensor([[5, 9, 3, 7]]) };
const PLACES = [
  ["in memory", undefined],
  ["on two GPUs", { "": "cuda:0", "transformer.h.1": "cuda:1" }],
] as const;

/** The same procedure in memory, where it is compared with PyTorch, and on GPUs. */
async function onBoth(train: (deviceMap: (typeof PLACES)[number][1]) => Promise<Tensor>): Promise<void> {
  const [here, there] = [await train(undefined), await train(PLACES[1][1])];
  expect(here.device).toBe("cpu");
  expect(relativeDifference(there, here)).toBeLessThanOrEqual(1e-5);
}

describeOnGpu("training on GPUs", () => {
  test("a steering vector in memory is found through blocks on two GPUs", () =>
    onBoth(async (deviceMap) => {
      const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gpt2-tiny"), { deviceMap });
      const pg = await PatchableGraph.capture(model, inputs);
      const value = torch.zeros([32], { requires_grad: true });
      const adam = new Adam([value], { lr: 0.05 });
      for (let step = 0; step < 5; step++) {
        adam.zeroGrad();
        const { logits } = await pg.patch({ "transformer.h_1.mlp": new AddPatch({ value }) }, () =>
          pg.run(inputs),
        );
        await logits.at("0, -1").log_softmax(-1).at(3).neg().backward();
        adam.step();
      }
      expect([value.device, value.grad?.device]).toEqual(["cpu", "cpu"]);
      return value.detach();
    }));

  test("all weights of a model whose blocks are on two GPUs", () =>
    onBoth(async (deviceMap) => {
      const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gpt2-tiny"), { deviceMap });
      model.requires_grad_();
      const optimiser = new AdamW([...model.parameters()], { lr: 1e-3 });
      const pg = await PatchableGraph.capture(model, inputs);
      for (let step = 0; step < 3; step++) {
        optimiser.zeroGrad();
        const { logits } = await pg.run(inputs);
        await logits.log_softmax(-1).at("0, -1, 3").neg().backward();
        optimiser.step();
      }
      return (await pg.run(inputs)).logits.detach();
    }));

  test.each([Adam, AdamW, SGD])("%o of a tensor on a GPU", async (Optimiser) => {
    const train = async (device: string) => {
      const weight = torch.ones([4], { device, requires_grad: true });
      const optimiser = new Optimiser([weight], { lr: 0.1 });
      for (let step = 0; step < 3; step++) {
        optimiser.zeroGrad();
        await weight.mul(torch.arange(4, { device })).pow(2).mean().backward();
        optimiser.step();
      }
      return weight.detach();
    };
    const there = await train("cuda:1");
    expect(there.device).toBe("cuda:1");
    expect(relativeDifference(there, await train("cpu"))).toBeLessThanOrEqual(1e-6);
  });

  test("a layer made on a GPU is there, and draws its own numbers", () => {
    torch.manual_seed(1);
    const layer = new Linear(4, 3, { device: "cuda:0" });
    const output = layer.call(torch.ones([2, 4], { device: "cuda:0" }));
    expect([layer.weight.device, output.device]).toEqual(["cuda:0", "cuda:0"]);
    expect(output.isfinite().all().item()).toBe(true);
  });
});
