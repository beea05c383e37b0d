import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM, type FromPretrainedOptions } from "../../native/lib/models";
import { ProbePatch, ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { writeBigModel } from "../support/bigModel";
import { FIXTURES, ScratchFolder } from "../support/files";
import { anonymousMemory } from "../support/memory";
import { expectedValues, inputsOf, MODELS, maxDifference } from "../support/parity";

const load = (path: string, options: object): Promise<CausalLM> =>
  AutoModelForCausalLM.fromPretrained(path, options);

describe.each([
  {
    name: "llama-outliers",
    list: "model.layers",
    linear: "mlp.up_proj",
    outside: "model.embed_tokens",
  },
  {
    name: "gpt2-outliers",
    list: "transformer.h",
    linear: "mlp.c_fc",
    outside: "transformer.wte",
  },
])("$name", ({ name, list, linear, outside }) => {
  const path = join(FIXTURES, name);
  const expected = expectedValues(name);
  const inputs = inputsOf(expected, "left");
  const node = (layer: number, rest: string) => `${list}_${layer}.${rest}`;

  test.each([
    ["a layer", { "": "cpu", [`${list}.1`]: "disk" }],
    ["everything", "disk"],
  ])("%s on disk: the same logits, bit for bit", async (_, deviceMap) => {
    const [apart, whole] = [await load(path, { deviceMap }), await load(path, {})];
    const { logits } = whole.call(inputs);
    expect(torch.equal(apart.call(inputs).logits, logits)).toBe(true);
    const pg = await PatchableGraph.capture(apart, { ...inputs });
    expect(torch.equal((await pg.run(inputs)).logits, logits)).toBe(true);
    expect(maxDifference(logits, expected.read("left/logits"))).toBeLessThanOrEqual(1e-5);
  });

  test("a weight on disk stays there in the file's dtype; what it becomes is its node", async () => {
    const model = await load(path, { deviceMap: { "": "cpu", [list]: "disk" } });
    const pg = await PatchableGraph.capture(model, { ...inputs });
    const weight = node(1, `${linear}.weight`);
    expect(pg.node(`${weight}.stored`).dtype).toBe("bfloat16");
    expect(pg.node(weight).dtype).toBe("float32");
    expect([...pg.nodes.keys()].filter((key) => key.startsWith(`${weight}.`))).toEqual(
      ["stored", "to_copy", "output"].map((part) => `${weight}.${part}`),
    );
    // Vectors are read: a turn of their own would cost more than they take.
    expect(pg.node(node(1, `${linear.split(".")[0]}.${linear.split(".")[1]}`)).shape).not.toBe(null);
    const parameters = [...model.namedParameters()].map(([key]) => key);
    expect(parameters.some((key) => key.startsWith(`${list}.1.`) && /norm|ln_1/.test(key))).toBe(true);
    expect(parameters).not.toContain(`${list}.1.${linear}.weight`);

    const probe = new ProbePatch();
    const { logits } = await pg.patch({ [weight]: [probe, new ZeroPatch()] }, () => pg.run(inputs));
    const read = (await load(path, {})).stateDict().get(`${list}.1.${linear}.weight`) as Tensor;
    expect(torch.equal(probe.activation, read)).toBe(true);
    expect(maxDifference(logits, expected.read("left/logits"))).toBeGreaterThan(1e-3);
  });

  test("moves between devices are nodes of the modules that need them", async () => {
    const head = { "": "cpu", lm_head: "meta" };
    const pg = await PatchableGraph.capture(await load(path, { deviceMap: head }), { ...inputs });
    const moves = [...pg.nodes.values()].filter(({ operator }) => operator === "aten::_to_copy");
    // Ids and mask come to the root's device wherever later runs have them; the head gets what the body gives.
    expect(moves.map(({ name: key }) => key)).toEqual(["to_copy", "to_copy_1", "lm_head.to_copy"]);
    const probe = new ProbePatch();
    const { logits } = await pg.patch({ "lm_head.input": probe }, () => pg.run(inputsOf(expected, "right")));
    expect([logits.device, logits.shape]).toEqual(["meta", expected.read("right/logits").shape]);
    const whole = await PatchableGraph.capture(await load(path, {}), { ...inputs });
    const { "lm_head.input": exact } = await whole.run(inputsOf(expected, "right"), {
      outputs: ["lm_head.input"],
    });
    expect(torch.equal(probe.activation, exact)).toBe(true);
  });

  test("on the CPU alone nothing is added to the graph", async () => {
    const names = async (options: object) => [
      ...(await PatchableGraph.capture(await load(path, options), { ...inputs })).nodes.keys(),
    ];
    expect(await names({ deviceMap: "auto" })).toEqual(await names({}));
    expect(await names({ deviceMap: "cpu" })).toEqual(await names({}));
  });

  test("auto with little memory puts the last layers on disk", async () => {
    const size = [...(await load(path, {})).parameters()].reduce((sum, p) => sum + p.numel() * 4, 0);
    const model = await load(path, { deviceMap: "auto", maxMemory: { cpu: size * 0.8 } });
    const onDisk = (path_: string) =>
      [...model.namedModules()].find(([at]) => at === path_)?.[1].parametrization("weight");
    expect(onDisk(outside)).toBe(null);
    expect(onDisk(`${list}.1.${linear}`)).not.toBe(null);
    expect(maxDifference(model.call(inputs).logits, expected.read("left/logits"))).toBeLessThanOrEqual(1e-5);

    const found = { "": "cpu", [`${list}.1`]: "disk" };
    expect(model.hfDeviceMap).toMatchObject(found);
    const again = await load(path, { deviceMap: model.hfDeviceMap });
    expect(again.hfDeviceMap).toEqual(model.hfDeviceMap);
    expect((await load(path, {})).hfDeviceMap).toBe(undefined);
  });

  test("8-bit layers, and layers on disk, in one model", async () => {
    const options = { loadIn8bit: true, deviceMap: { "": "cpu", [`${list}.0`]: "disk" } };
    const model = await load(path, options);
    const layers = [...model.namedModules()].filter(([, module]) => module.parametrization("weight"));
    const kinds = new Set(
      layers.map(
        ([at, module]) =>
          `${at.startsWith(`${list}.0`)} ${module.parametrization("weight")?.constructor.name}`,
      ),
    );
    expect([...kinds].sort()).toEqual(["false Int8Weight", "true MappedWeight"]);
    const { logits } = model.call(inputs);
    const exact = expected.read("left/logits");
    expect(maxDifference(logits, exact)).toBeLessThan(0.02 * Number(exact.abs().max().item()));
  });
});

describe.each(MODELS)("$name, wherever its weights are", ({ name, load: loadModel, block }) => {
  const path = join(FIXTURES, name);
  const inputs = inputsOf(expectedValues(name), "left");
  const last = block(0).replace(/_0$/, ".1");

  test.each<[string, (size: number) => FromPretrainedOptions]>([
    ["on disk", () => ({ deviceMap: "disk" })],
    ["a layer on disk", () => ({ deviceMap: { "": "cpu", [last]: "disk" } })],
    ["as much as there is room for", (size) => ({ deviceMap: "auto", maxMemory: { cpu: 0.7 * size } })],
  ])("%s: the same logits, bit for bit, from the model and its graph", async (_, options) => {
    // Files in float32 are used as they are mapped; in bfloat16 each weight is made anew for its turn.
    for (const dtype of ["float32", "bfloat16"] as const) {
      const whole = await loadModel(path, { dtype });
      const size = [...whole.parameters()].reduce((sum, parameter) => sum + 2 * parameter.numel(), 0);
      const apart = await loadModel(path, { dtype, ...options(dtype === "float32" ? 2 * size : size) });
      const { logits } = whole.call(inputs);
      expect(torch.equal(apart.call(inputs).logits, logits)).toBe(true);
      const pg = await PatchableGraph.capture(apart, inputs);
      expect(torch.equal((await pg.run(inputs)).logits, logits)).toBe(true);
      const made = [...apart.namedModules()].filter(([, module]) => module.parametrization("weight"));
      expect(made.length > 0).toBe(dtype === "bfloat16");
    }
  });
});

// Llama, because libtorch without Python cannot compute GPT-2's layer_norm on the meta device.
test("a layer elsewhere gets its arguments there, and what follows its result", async () => {
  const deviceMap = { "": "cpu", "model.layers.1": "meta", "model.norm": "meta", lm_head: "meta" };
  const inputs = inputsOf(expectedValues("llama-outliers"), "left");
  const model = await load(join(FIXTURES, "llama-outliers"), { deviceMap });
  const pg = await PatchableGraph.capture(model, { ...inputs });
  const moved = (module: string) =>
    [...pg.nodes.values()].filter(
      ({ operator, module: at }) => operator === "aten::_to_copy" && at === module,
    );
  // Hidden states, mask, cosines and sines.
  expect(moved("model.layers_1").map(({ shape }) => shape)).toEqual([
    [2, 7, 64],
    [2, 1, 7, 7],
    [2, 7, 16],
    [2, 7, 16],
  ]);
  expect(moved("model.layers_0")).toEqual([]);
  expect((await pg.run(inputs)).logits.device).toBe("meta");
});

test("a value that takes the place of a whole node is brought to where the node would be", async () => {
  const deviceMap = { "": "cpu", "model.layers.1": "meta", "model.norm": "meta", lm_head: "meta" };
  const model = await load(join(FIXTURES, "llama-outliers"), { deviceMap });
  const inputs = { input_ids: torch.tensor([[1, 2, 3]]) };
  const pg = await PatchableGraph.capture(model, inputs);
  const probe = new ProbePatch();
  const value = torch.ones([1, 3, pg.node("model.layers_1").shape?.[2] ?? 0]);
  const patches = { "model.layers_1": new ReplacePatch({ value }), "model.norm": probe };
  const { logits } = await pg.patch(patches, () => pg.run(inputs));
  expect([logits.device, probe.activation.device]).toEqual(["meta", "meta"]);
});

test("quantised GGUF weights stay in their file when they are placed on disk", async () => {
  const path = join(FIXTURES, "gguf/llama-tiny.gguf");
  const expected = expectedValues("llama-tiny.gguf");
  const model = await load(path, { deviceMap: "disk" });
  const kinds = [...model.namedModules()].flatMap(
    ([, m]) => m.parametrization("weight")?.constructor.name ?? [],
  );
  expect(new Set(kinds)).toEqual(new Set(["GgufWeight"]));
  const { logits } = model.call({ input_ids: expected.read("input_ids") });
  expect(maxDifference(logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
});

test("maxMemory without auto is refused", async () => {
  const loading = load(join(FIXTURES, "gpt2-outliers"), { maxMemory: { cpu: 5 } });
  await expect(loading).rejects.toThrow('maxMemory is for deviceMap: "auto"');
});

test.runIf(process.platform === "linux")("weights on disk take memory only in their turn", async () => {
  using scratch = new ScratchFolder();
  writeBigModel(scratch.path);
  const inputs = { input_ids: torch.tensor([[1, 2, 3, 4]]) };
  const before = anonymousMemory();
  const model = await load(scratch.path, { deviceMap: "disk" });
  const pg = await PatchableGraph.capture(model, inputs);
  const { logits } = await pg.run(inputs);
  // 113 MB in float32. The largest weight has 9 MB, and freed memory is kept for the next.
  expect(anonymousMemory() - before).toBeLessThan(60e6);
  const whole = await load(scratch.path, {});
  expect(anonymousMemory() - before).toBeGreaterThan(80e6);
  expect(torch.equal(logits, whole.call(inputs).logits)).toBe(true);
});
