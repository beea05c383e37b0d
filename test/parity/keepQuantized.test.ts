import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { ProbePatch, ZeroPatch } from "../../native/lib/patches";
import { AutoTokenizer } from "../../native/lib/tokenizers";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { anonymousMemory } from "../support/memory";
import { expectedValues, maxDifference } from "../support/parity";

const load = (name: string, options: object): Promise<CausalLM> =>
  AutoModelForCausalLM.fromPretrained(name, options);
const DEMO = "smollm2-135m-instruct";

describe.each([
  {
    name: "llama-tiny",
    values: "llama-tiny.gguf",
    linear: ["model.layers_1.self_attn.q_proj"],
    embedding: { name: "model.embed_tokens", shape: [2, 6, 32] },
  },
  {
    name: "gpt2-tiny-q8",
    values: "gpt2-tiny-q8.gguf",
    linear: ["transformer.h_1.mlp.c_fc"],
    embedding: { name: "transformer.wte", shape: [2, 6, 32] },
  },
  {
    // Each matrix is of another type.
    name: "mistral",
    values: "gguf-mistral",
    linear: ["0", "1"].flatMap((layer) =>
      ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up", "mlp.down"].map(
        (part) => `model.layers_${layer}.${part}_proj`,
      ),
    ),
    embedding: { name: "model.embed_tokens", shape: [2, 20, 256] },
  },
])("$name.gguf with its weights quantised", ({ name, values, linear, embedding }) => {
  const path = join(FIXTURES, "gguf", `${name}.gguf`);
  const expected = expectedValues(values);
  const inputs = {
    input_ids: expected.read("input_ids"),
    ...(expected.names().includes("attention_mask")
      ? { attention_mask: expected.read("attention_mask") }
      : {}),
  };

  test("gives transformers' logits, and a run gives the model's", async () => {
    const model = await load(path, { keepQuantized: true });
    const { logits } = model.call(inputs);
    expect(maxDifference(logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
    const short = Object.fromEntries(Object.keys(inputs).map((key) => [key, torch.tensor([[1, 1]])]));
    const pg = await PatchableGraph.capture(model, short);
    expect(torch.equal((await pg.run(inputs)).logits, logits)).toBe(true);
  });

  test("the dequantised weights are nodes, a tied one in each of its uses", async () => {
    const [kept, read] = [await load(path, { keepQuantized: true }), await load(path, {})];
    const pg = await PatchableGraph.capture(kept, inputs);
    for (const module of [...linear, "lm_head"]) {
      const probe = new ProbePatch();
      const { logits } = await pg.patch({ [`${module}.weight`]: [probe, new ZeroPatch()] }, () =>
        pg.run(inputs),
      );
      const plain = read.stateDict().get(`${module.replace(/_(\d)/, ".$1")}.weight`);
      expect(plain && torch.equal(probe.activation, plain)).toBe(true);
      expect(maxDifference(logits, expected.read("logits"))).toBeGreaterThan(0.02);
      expect(pg.node(`${module}.weight.dequantize_gguf`).operator).toBe("graphpatch::dequantize_gguf");
    }
    // An embedding dequantises the rows of its tokens, not the vocabulary.
    expect(pg.node(`${embedding.name}.dequantize_gguf`).shape).toEqual(embedding.shape);
  });

  test("in bfloat16 the weights are those rounded at loading", async () => {
    const options = { dtype: "bfloat16" } as const;
    const kept = await load(path, { ...options, keepQuantized: true });
    const read = await load(path, options);
    for (const [place, module] of kept.namedModules()) {
      const weight = module.parametrization("weight")?.call();
      if (weight)
        expect(torch.equal(weight, read.stateDict().get(`${place}.weight`) ?? weight.add(1))).toBe(true);
    }
  });
});

test("a file without quantised weights says so", async () => {
  const loading = load(join(FIXTURES, "gguf/gpt2-tiny.gguf"), { keepQuantized: true });
  await expect(loading).rejects.toThrow(/no quantised weights to keep; it is for quantised GGUF files/);
});

test.runIf(process.platform === "linux")(
  "SmolLM2 stays in its file: same logits, hardly any memory",
  async () => {
    const inputs = (await AutoTokenizer.fromPretrained(DEMO))("The Eiffel Tower is located in the city of");
    const before = anonymousMemory();
    const kept = await load(DEMO, { keepQuantized: true });
    // The rows of q and k are moved to transformers' order: 4 bits of 20 million weights. The rest is mapped.
    expect(anonymousMemory() - before).toBeLessThan(50e6);
    const read = await load(DEMO, {});
    expect(anonymousMemory() - before).toBeGreaterThan(400e6);
    expect(torch.equal(kept.call({ ...inputs }).logits, read.call({ ...inputs }).logits)).toBe(true);
  },
);
