import "../support/standInGpu";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { OutOfMemoryError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { AddPatch, CustomPatch, ProbePatch, ZeroPatch } from "../../native/lib/patches";
import { logProbability } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { writeBigModel } from "../support/bigModel";
import { FIXTURES, ScratchFolder } from "../support/files";
import { anonymousMemory } from "../support/memory";
import { bytesOnGpus, describeOnGpu, gpu, withFreeMemory } from "../support/standInGpu";

const MLP = "transformer.h_1.mlp";
const deviceMap = { "": "cuda:0", "transformer.h.1": "cuda:1" };
const inputs = { input_ids: torch.tensor([[5, 9, 3, 7]]) };

/** Less than a value of the model with one row a token. */
const SMALL = 4 * 4 * 32 - 1;

describeOnGpu("memory of GPUs", () => {
  let pg: PatchableGraph<CausalLM>;
  beforeAll(async () => {
    const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gpt2-tiny"), { deviceMap });
    pg = await PatchableGraph.capture(model, inputs);
  });

  const sweep = () =>
    pg.sweep({
      inputs,
      cells: [0, 1, 2].map((t) => ({ [MLP]: new ZeroPatch({ slice: [{}, t] }) })),
      metric: logProbability({ token: 3 }),
    });

  test.each<[string, () => Promise<unknown>]>([
    ["runs", () => pg.run(inputs)],
    [
      "patched and probed runs",
      () => pg.patch({ [MLP]: [new ProbePatch(), new ZeroPatch()] }, () => pg.run(inputs)),
    ],
    ["sweeps", sweep],
    [
      "backward passes",
      async () => {
        const value = torch.zeros([32], { requires_grad: true });
        const { logits } = await pg.patch({ [MLP]: new AddPatch({ value }) }, () => pg.run(inputs));
        await logits.sum().backward();
      },
    ],
    [
      "runs that fail",
      async () => {
        const op = () => {
          throw new Error("of the patch");
        };
        const failing = pg.patch({ [MLP]: new CustomPatch({ op }) }, () => pg.run(inputs));
        const problem = await failing.then(String, ({ message }: Error) => message);
        expect(problem).toBe("of the patch");
      },
    ],
  ])("nothing is left of 50 %s", async (_, body) => {
    await body();
    const before = await bytesOnGpus();
    await body();
    const ofOne = (await bytesOnGpus()).map((bytes, device) => Math.max(0, bytes - before[device]));
    for (let i = 0; i < 50; i++) await body();
    const left = (await bytesOnGpus()).map((bytes, device) => bytes - before[device]);
    // What was computed last may be held still.
    left.forEach((bytes, device) => {
      expect(bytes).toBeLessThanOrEqual(ofOne[device] + SMALL);
    });
  });

  test("too little of it is an OutOfMemoryError that names the node, and the next run goes well", async () => {
    const { logits } = await pg.run(inputs);
    const many = { input_ids: torch.zeros([50, 60], { dtype: "int64" }) };
    const before = await bytesOnGpus();
    const runs: (() => Promise<unknown>)[] = [() => pg.run(many), sweep];
    for (const run of runs) {
      const failing = withFreeMemory(1, 600, run);
      await expect(failing).rejects.toThrow(OutOfMemoryError);
      await expect(failing).rejects.toThrow(
        /CUDA out of memory\. .* It was asked for by aten::\w+ at node transformer\.h_1/,
      );
    }
    (await bytesOnGpus()).forEach((bytes, device) => {
      expect(bytes - before[device]).toBeLessThan(10_000);
    });
    expect(torch.equal((await pg.run(inputs)).logits, logits)).toBe(true);
  });

  test("too little for weights, a tensor or a gradient is one, too", async () => {
    const loading = withFreeMemory(0, 2000, () =>
      AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gpt2-tiny"), { deviceMap: "cuda:0" }),
    );
    await expect(loading).rejects.toThrow(OutOfMemoryError);
    await expect(withFreeMemory(0, 100, () => torch.zeros([1000], { device: "cuda:0" }))).rejects.toThrow(
      OutOfMemoryError,
    );
    const weight = torch.ones([1000], { device: "cuda:0", requires_grad: true });
    const loss = weight.exp().sum();
    await expect(withFreeMemory(0, 100, () => loss.backward())).rejects.toThrow(OutOfMemoryError);
  });

  test("weights that are converted on their way to a GPU leave nothing in the processor's memory", async () => {
    using scratch = new ScratchFolder();
    writeBigModel(scratch.path);
    const onGpu = () => gpu.memory(0).bytes;
    const [before, there] = [anonymousMemory(), onGpu()];
    let most = 0;
    // The stand-in's memory is the processor's as well.
    const onProgress = () => {
      most = Math.max(most, anonymousMemory() - before - (onGpu() - there));
    };
    const model = await AutoModelForCausalLM.fromPretrained(scratch.path, {
      deviceMap: "cuda:0",
      onProgress,
    });
    onProgress();
    expect(onGpu() - there).toBeGreaterThan(80e6);
    // The largest weight has 9 MB, and freed memory is kept for the next.
    expect(most).toBeLessThan(60e6);
    expect((model.stateDict().values().next().value as Tensor).device).toBe("cuda:0");
  });
});
