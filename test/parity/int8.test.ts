import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import * as nn from "../../native/lib/nn";
import type { Parametrization } from "../../native/lib/nn/parametrization";
import { AddPatch, ProbePatch, ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues, INPUTS, inputsOf, maxDifference } from "../support/parity";

const load = (name: string, options: object): Promise<CausalLM> =>
  AutoModelForCausalLM.fromPretrained(join(FIXTURES, name), options);
const BYTES: Record<string, number> = { int8: 1, float32: 4, int64: 8 };

/** Linear layers whose weights are in 8 bits. */
function int8Layers(model: CausalLM): Map<string, Parametrization> {
  const layers = new Map<string, Parametrization>();
  for (const [path, module] of model.namedModules()) {
    const computed = module.parametrization("weight");
    if (computed) layers.set(path, computed);
  }
  return layers;
}

/** Largest difference, relative to the largest logit. */
function relative(actual: Tensor, expected: Tensor): number {
  return maxDifference(actual, expected) / Number(expected.abs().max().item());
}

/** The most likely token after each text. */
function topTokens(logits: Tensor, mask: Tensor | undefined): unknown {
  const last = mask
    ? mask.mul(torch.arange(mask.shape[1])).argmax(-1)
    : torch.tensor(logits.shape.slice(0, 1).map(() => logits.shape[1] - 1));
  const top = logits.argmax(-1);
  return top.gather(1, last.unsqueeze(1)).flatten().tolist();
}

describe.each([
  { name: "gpt2-outliers", linear: "transformer.h_0.mlp.c_fc", block: "transformer.h_0", outputDim: 1 },
  { name: "llama-outliers", linear: "model.layers_0.mlp.up_proj", block: "model.layers_0", outputDim: 0 },
])("$name in 8 bits", ({ name, linear, block }) => {
  const expected = expectedValues(name);
  let int8: CausalLM;
  let full: CausalLM;
  let pg: PatchableGraph<CausalLM>;
  const inputs = inputsOf(expected, "left");

  beforeAll(async () => {
    int8 = await load(name, { loadIn8bit: true });
    full = await load(name, {});
    pg = await PatchableGraph.capture(int8, inputs);
  });

  test.each(INPUTS)(
    "input %s: PyTorch's numbers, within 2 % of float32, with the same top token",
    (input) => {
      const given = inputsOf(expected, input);
      const { logits } = int8.call(given);
      expect(relative(logits, expected.read(`${input}/int8_logits`))).toBeLessThanOrEqual(1e-5);
      const exact = expected.read(`${input}/logits`);
      expect(relative(full.call(given).logits, exact)).toBeLessThanOrEqual(1e-5);
      expect(relative(logits, exact)).toBeLessThanOrEqual(0.02);
      expect(topTokens(logits, given.attention_mask)).toEqual(topTokens(exact, given.attention_mask));
    },
  );

  test("without outlier columns it would be off by more", async () => {
    const coarse = await load(name, { loadIn8bit: { outlierThreshold: Number.MAX_VALUE } });
    expect(relative(coarse.call(inputs).logits, expected.read("left/logits"))).toBeGreaterThan(0.02);
  });

  test("every linear layer is, and takes at most 30 % of its size in float32", () => {
    const layers = int8Layers(int8);
    const linear = [...int8.namedModules()].filter(
      ([path, module]) =>
        (module instanceof nn.Linear || module instanceof nn.Conv1D) &&
        !(path === "lm_head" && name === "gpt2-outliers"),
    );
    expect([...layers.keys()]).toEqual(linear.map(([path]) => path));
    for (const computed of layers.values()) {
      const bytes = [...computed.ownBuffers()].reduce((sum, [, t]) => sum + t.numel() * BYTES[t.dtype], 0);
      const size = computed.parameterShape.reduce((product, n) => product * n, 4);
      expect(bytes).toBeLessThanOrEqual(0.3 * size);
    }
    const parameters = [...int8.namedParameters()].map(([path]) => path);
    expect(parameters.some((path) => layers.has(path.replace(/\.weight$/, "")))).toBe(false);
  });

  test("a run is bit-equal to the model, and computes the weight in visible steps", async () => {
    const { logits } = await pg.run(inputs);
    expect(torch.equal(logits, int8.call(inputs).logits)).toBe(true);
    const inside = [...pg.nodes.keys()].filter((node) => node.startsWith(`${linear}.weight`));
    expect(inside.sort()).toEqual(
      ["index_copy", "int8", "mul", "outlier_columns", "outliers", "output", "scale"].map(
        (part) => `${linear}.weight.${part}`,
      ),
    );
  });

  test("the weight is a node: seen, changed and replaced like any other", async () => {
    const computed = int8Layers(int8).get(linear.replace(/_(\d)/, ".$1"))?.call() as Tensor;
    const probe = new ProbePatch();
    const zeroed = await pg.patch({ [`${linear}.weight`]: [probe, new ZeroPatch()] }, () => pg.run(inputs));
    expect(torch.equal(probe.activation, computed)).toBe(true);

    const weight = linear.includes("c_fc")
      ? "transformer.h.0.mlp.c_fc.weight"
      : "model.layers.0.mlp.up_proj.weight";
    const edited = await load(name, {});
    const parameters = edited.stateDict();
    const exact = parameters.get(weight) as Tensor;
    for (const [path, layer] of int8Layers(int8)) parameters.set(`${path}.weight`, layer.call());
    parameters.set(weight, torch.zeros(exact.shape));
    edited.loadStateDict(parameters);
    expect(maxDifference(zeroed.logits, edited.call(inputs).logits)).toBeLessThanOrEqual(1e-6);

    const replaced = await pg.patch(
      { [`${linear}.weight`]: new ReplacePatch({ value: torch.zeros(exact.shape) }) },
      () => pg.run(inputs),
    );
    expect(torch.equal(replaced.logits, zeroed.logits)).toBe(true);
  });

  test("gradients flow through it to activations and to an edit of the weight", async () => {
    const gradients = async (graph: PatchableGraph<CausalLM>): Promise<Tensor[]> => {
      const delta = torch.zeros([64], { requires_grad: true });
      const edit = torch.zeros(graph.node(`${linear}.weight`).shape ?? [], { requires_grad: true });
      const { logits } = await graph.patch(
        {
          [block]: new AddPatch({ value: delta, slice: "0, 3" }),
          [`${linear}.weight`]: new AddPatch({ value: edit }),
        },
        () => graph.run(inputs),
      );
      await logits.at("0, -1").log_softmax(-1).at(7).backward();
      return [delta.grad as Tensor, edit.grad as Tensor];
    };
    const ours = await gradients(pg);
    const exact = await gradients(await PatchableGraph.capture(full, inputs));
    for (const i of [0, 1]) {
      const error = ours[i].sub(exact[i]).norm().div(exact[i].norm());
      expect(Number(error.item())).toBeLessThan(0.03);
    }
  });
});

test("layers that shall stay as they are", async () => {
  const skip = ["lm_head", "model.layers.1", "q_proj"];
  const layers = [...int8Layers(await load("llama-outliers", { loadIn8bit: { skip } })).keys()];
  expect(layers).toEqual(
    [
      "self_attn.k_proj",
      "self_attn.v_proj",
      "self_attn.o_proj",
      "mlp.gate_proj",
      "mlp.up_proj",
      "mlp.down_proj",
    ].map((name) => `model.layers.0.${name}`),
  );
});

test.each(["float16", "bfloat16"] as const)("in %s", async (dtype) => {
  const inputs = inputsOf(expectedValues("llama-outliers"), "left");
  const [int8, full] = [
    await load("llama-outliers", { dtype, loadIn8bit: true }),
    await load("llama-outliers", { dtype }),
  ];
  const { logits } = int8.call(inputs);
  expect(logits.dtype).toBe(dtype);
  expect(relative(logits.to("float32"), full.call(inputs).logits.to("float32"))).toBeLessThan(0.04);
});

test.each<[object, RegExp]>([
  [{ loadIn8bit: { outlierThreshold: 0 } }, /outlierThreshold must be a positive number; found 0/],
  [{ loadIn8bit: true, keepQuantized: true }, /two forms of the same weights; choose one/],
  [{ keepQuantized: true }, /keepQuantized: .* has no quantised weights to keep/],
])("%j is refused", async (options, message) => {
  await expect(load("llama-outliers", options)).rejects.toThrow(message);
});
