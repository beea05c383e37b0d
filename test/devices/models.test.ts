import "../support/standInGpu";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type FromPretrainedOptions } from "../../native/lib/models";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues, INPUTS, inputsOf, MODELS, relativeDifference } from "../support/parity";
import { bytesOnGpus, describeOnGpu, gpu, withFreeMemory } from "../support/standInGpu";

const path = (name: string) => join(FIXTURES, name);

/** Bytes of a model's parameters by device. */
function bytesByDevice(parameters: Iterable<Tensor>): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const parameter of parameters) {
    bytes[parameter.device] = (bytes[parameter.device] ?? 0) + 4 * parameter.numel();
  }
  return bytes;
}

describeOnGpu.each(MODELS)("$name", ({ name, load, block }) => {
  const expected = expectedValues(name);
  const layer = (index: number) => block(index).replace(/_(\d+)$/, ".$1");

  test.each<[string, FromPretrainedOptions]>([
    ["on one GPU", { deviceMap: "cuda:0" }],
    ["on two GPUs", { deviceMap: { "": "cuda:0", [layer(1)]: "cuda:1" } }],
    ["on a GPU, with a layer in memory", { deviceMap: { "": "cuda:1", [layer(0)]: "cpu" } }],
    [
      "in memory, with layers on GPUs",
      { deviceMap: { "": "cpu", [layer(0)]: "cuda:0", [layer(1)]: "cuda:1" } },
    ],
    ["on a GPU, with a layer on disk", { deviceMap: { "": "cuda:0", [layer(1)]: "disk" } }],
  ])("%s: PyTorch's logits, from the model and its graph", async (_, options) => {
    const model = await load(path(name), options);
    const near = (logits: Tensor, input: string) =>
      expect(relativeDifference(logits, expected.read(`${input}/logits`))).toBeLessThanOrEqual(1e-5);
    for (const input of INPUTS) near(model.call(inputsOf(expected, input)).logits, input);
    const inputs = inputsOf(expected, "left");
    const pg = await PatchableGraph.capture(model, inputs);
    near((await pg.run(inputs)).logits, "left");
    const there = Object.entries(inputs).map(([key, value]) => [key, value.to("cuda:1")]);
    near((await pg.run(Object.fromEntries(there))).logits, "left");
  });

  test.each([
    ["float16", 0.004],
    ["bfloat16", 0.03],
  ] as const)("on two GPUs in %s", async (dtype, tolerance) => {
    const model = await load(path(name), { dtype, deviceMap: { "": "cuda:0", [layer(1)]: "cuda:1" } });
    const { logits } = model.call(inputsOf(expected, "left"));
    expect([logits.dtype, logits.device]).toEqual([dtype, "cuda:0"]);
    const reference = expected.read(`half/${dtype}/logits`).float();
    const largest = Number(reference.abs().max().item());
    expect(Number(logits.float().cpu().sub(reference).abs().max().item())).toBeLessThanOrEqual(
      tolerance * largest,
    );
  });
});

describeOnGpu("forms of weights", () => {
  test.each(["gpt2-outliers", "llama-outliers"])(
    "%s in 8 bits on two GPUs is what it is in memory",
    async (name) => {
      const list = name.startsWith("gpt2") ? "transformer.h" : "model.layers";
      const inputs = inputsOf(expectedValues(name), "left");
      const model = await AutoModelForCausalLM.fromPretrained(path(name), {
        loadIn8bit: true,
        deviceMap: { "": "cuda:0", [`${list}.1`]: "cuda:1" },
      });
      const inMemory = await AutoModelForCausalLM.fromPretrained(path(name), { loadIn8bit: true });
      const places = new Set(
        [...model.stateDict()].filter(([, { dtype }]) => dtype === "int8").map(([, { device }]) => device),
      );
      expect(places).toEqual(new Set(["cuda:0", "cuda:1"]));
      const pg = await PatchableGraph.capture(model, inputs);
      const wanted = inMemory.call(inputs).logits;
      expect(relativeDifference(model.call(inputs).logits, wanted)).toBeLessThanOrEqual(1e-5);
      expect(relativeDifference((await pg.run(inputs)).logits, wanted)).toBeLessThanOrEqual(1e-5);
    },
  );

  test.each([
    ["llama-tiny", "llama-tiny.gguf", "model.layers"],
    ["gpt2-tiny-q8", "gpt2-tiny-q8.gguf", "transformer.h"],
    ["mistral", "gguf-mistral", "model.layers"],
  ])("%s.gguf, its blocks kept, on two GPUs", async (name, values, list) => {
    const expected = expectedValues(values);
    const inputs = { input_ids: expected.read("input_ids") };
    for (const keepQuantized of [true, false]) {
      const model = await AutoModelForCausalLM.fromPretrained(path(`gguf/${name}.gguf`), {
        keepQuantized,
        deviceMap: { "": "cuda:0", [`${list}.1`]: "cuda:1" },
      });
      const pg = await PatchableGraph.capture(model, inputs);
      const inMemory = await AutoModelForCausalLM.fromPretrained(path(`gguf/${name}.gguf`), {
        keepQuantized,
      });
      const wanted = inMemory.call(inputs).logits;
      expect(relativeDifference((await pg.run(inputs)).logits, wanted)).toBeLessThanOrEqual(1e-5);
    }
  });
});

describeOnGpu('deviceMap "auto"', () => {
  const inputs = { input_ids: torch.tensor([[5, 9, 3, 7]]) };
  const load = (options: FromPretrainedOptions) =>
    AutoModelForCausalLM.fromPretrained(path("gpt2-18-layers"), options);

  test("fills GPU after GPU by the memory that is free, then the machine's", async () => {
    const whole = await load({});
    const wanted = whole.call(inputs).logits;
    const size = Object.values(bytesByDevice(whole.parameters())).reduce((sum, bytes) => sum + bytes, 0);
    for (const [first, second, places] of [
      [2 * size, 2 * size, ["cuda:0"]],
      [0.6 * size, 2 * size, ["cuda:0", "cuda:1"]],
      [0.6 * size, 0.3 * size, ["cpu", "cuda:0", "cuda:1"]],
    ] as const) {
      const before = await bytesOnGpus();
      const model = await withFreeMemory(0, first, () =>
        withFreeMemory(1, second, () => load({ deviceMap: "auto" })),
      );
      const bytes = bytesByDevice(model.parameters());
      expect(Object.keys(bytes).sort()).toEqual(places);
      expect(gpu.memory(0).bytes - before[0]).toBeLessThanOrEqual(first);
      expect(gpu.memory(1).bytes - before[1]).toBeLessThanOrEqual(second);
      expect(relativeDifference(model.call(inputs).logits, wanted)).toBeLessThanOrEqual(1e-5);
    }
  });

  test("keeps to maxMemory, and leaves the rest on disk", async () => {
    const whole = await load({});
    const size = Object.values(bytesByDevice(whole.parameters())).reduce((sum, bytes) => sum + bytes, 0);
    const [before] = await bytesOnGpus();
    const model = await load({ deviceMap: "auto", dtype: "bfloat16", maxMemory: { "cuda:0": size / 4 } });
    expect(gpu.memory(0).bytes - before).toBeLessThanOrEqual(size / 4);
    const kinds = [...model.namedModules()].flatMap(
      ([, module]) => module.parametrization("weight")?.constructor.name ?? [],
    );
    expect(new Set(kinds)).toEqual(new Set(["MappedWeight"]));
    const pg = await PatchableGraph.capture(model, inputs);
    await bytesOnGpus();
    gpu.forgetMost(0);
    const { logits } = await pg.run(inputs);
    expect(logits.device).toBe("cuda:0");
    // In a run, weights come for their turn and go.
    expect(gpu.memory(0).mostBytes - before).toBeLessThan(size / 3);
  });
});
