import "../support/standInGpu";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArgumentError, DeviceError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { CustomPatch, ProbePatch, ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import { logProbability } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES, ScratchFolder } from "../support/files";
import { expectedValues, relativeDifference } from "../support/parity";
import { describeOnGpu } from "../support/standInGpu";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
const MLP = "transformer.h_1.mlp";
const path = join(FIXTURES, "gpt2-tiny");
const expected = expectedValues("gpt2-tiny");
const inputs = { input_ids: expected.read("plain/input_ids") };
const wanted = expected.read("plain/logits");
const near = (logits: Tensor) => expect(relativeDifference(logits, wanted)).toBeLessThanOrEqual(1e-5);

describeOnGpu("a graph of a model on two GPUs", () => {
  const deviceMap = { "": "cuda:0", "transformer.h.1": "cuda:1" };
  let pg: PatchableGraph<CausalLM>;
  let inMemory: PatchableGraph<CausalLM>;
  beforeAll(async () => {
    pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(path, { deviceMap }), inputs);
    inMemory = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(path), inputs);
  });

  test("says where its nodes are, and probes see them there", async () => {
    const [first, second] = [new ProbePatch(), new ProbePatch()];
    await pg.patch({ "transformer.h_0": first, "transformer.h_1": second }, () => pg.run(inputs));
    expect([first.activation.device, second.activation.device]).toEqual(["cuda:0", "cuda:1"]);
    const deviceOf = (name: string) => pg.details(name).device;
    expect(["transformer.h_0", MLP, `${MLP}.c_fc.weight`].map(deviceOf)).toEqual([
      "cuda:0",
      "cuda:1",
      "cuda:1",
    ]);
  });

  test.each(["cpu", "cuda:0", "cuda:1"])("values of patches may be on %s", async (device) => {
    const shape = pg.node(MLP).shape ?? [];
    const { logits } = await inMemory.patch({ [MLP]: new ZeroPatch() }, () => inMemory.run(inputs));
    const whole = new ReplacePatch({ value: torch.zeros(shape, { device }) });
    const part = new ReplacePatch({ value: torch.zeros([shape[2]], { device }), slice: "..., :" });
    const custom = new CustomPatch({ op: (value: Tensor) => value.to(device).mul(0) });
    for (const patch of [whole, part, custom]) {
      const patched = await pg.patch({ [MLP]: patch }, () => pg.run(inputs));
      expect(relativeDifference(patched.logits, logits)).toBeLessThanOrEqual(1e-5);
      expect(patched.logits.device).toBe("cuda:0");
    }
  });

  test("is the same graph, there and in one place, after it was saved and loaded", async () => {
    const file = join(scratch.path, "two.graph");
    await pg.save(file);
    for (const [options, device] of [
      [{}, "cuda:0"],
      [{ device: "cuda:1" }, "cuda:1"],
      [{ device: "cpu" }, "cpu"],
    ] as const) {
      const loaded = await PatchableGraph.load<CausalLM>(file, options);
      const { logits } = await loaded.run(inputs);
      expect(logits.device).toBe(device);
      near(logits);
    }
  });

  test("reads logits at each block, and measures cells in whatever place they are", async () => {
    const [here, there] = await Promise.all(
      [inMemory, pg].map((graph) => graph.logitLens(inputs, { target: 3, k: 2 })),
    );
    there.forEach((reading, i) => {
      expect(reading.target?.probability).toBeCloseTo(here[i].target?.probability ?? Number.NaN, 5);
    });
    const cells = [0, 1].map((t) => ({ [MLP]: new ZeroPatch({ slice: [{}, t] }) }));
    const [a, b] = await Promise.all(
      [inMemory, pg].map((graph) => graph.sweep({ inputs, cells, metric: logProbability({ token: 3 }) })),
    );
    b.samples.flat().forEach((value, i) => {
      expect(value).toBeCloseTo(a.samples.flat()[i], 5);
    });
  });
});

describeOnGpu("a graph that was captured in memory, loaded to a GPU", () => {
  test("computes there, wherever its inputs are; what it makes itself is made there", async () => {
    const file = join(scratch.path, "here.graph");
    const pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(path), inputs);
    await pg.save(file);
    const loaded = await PatchableGraph.load<CausalLM>(file, { device: "cuda" });
    for (const device of ["cpu", "cuda:0", "cuda:1"]) {
      const { logits } = await loaded.run({ input_ids: inputs.input_ids.to(device) });
      expect(logits.device).toBe("cuda:0");
      near(logits);
    }
    expect(new Set([...loaded.stateDict().values()].map(({ device }) => device))).toEqual(
      new Set(["cuda:0"]),
    );
  });

  test("gradients find their way to inputs in memory", async () => {
    const model = await AutoModelForCausalLM.fromPretrained(path);
    const pg = await PatchableGraph.capture(model, inputs);
    const file = join(scratch.path, "gradient.graph");
    await pg.save(file);
    const gradient = async (graph: PatchableGraph<CausalLM>) => {
      const weight = graph.stateDict().get("transformer.h.1.mlp.c_fc.weight") as Tensor;
      weight.requires_grad_();
      const { logits } = await graph.run(inputs);
      await logits.log_softmax(-1).mean().backward();
      return weight.grad as Tensor;
    };
    const there = await gradient(await PatchableGraph.load(file, { device: "cuda:1" }));
    expect(there.device).toBe("cuda:1");
    expect(relativeDifference(there, await gradient(pg))).toBeLessThanOrEqual(1e-5);
  });
});

describeOnGpu("devices that are none", () => {
  const archive = join(FIXTURES, "exports/gpt2.pt2");
  test.each([
    ["cuda:2", DeviceError, /no device "cuda:2"; the GPUs of this machine are cuda:0 to cuda:1/],
    ["disk", ArgumentError, /nothing can be computed on "disk"/],
    ["gpu", ArgumentError, /found "gpu"/],
  ])("%s", async (device, kind, message) => {
    const loading = PatchableGraph.load(archive, { device });
    await expect(loading).rejects.toThrow(kind);
    await expect(loading).rejects.toThrow(message);
  });
});
