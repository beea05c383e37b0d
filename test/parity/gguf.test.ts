import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM } from "../../native/lib/models";
import { openGguf } from "../../native/lib/models/gguf/checkpoint";
import { readLlamaConfig } from "../../native/lib/models/llama";
import { torch } from "../../native/lib/torch";
import { FIXTURES, ScratchFolder } from "../support/files";
import { GgufBytes } from "../support/ggufBytes";
import { expectedValues, maxDifference } from "../support/parity";

/** Files as llama.cpp's converter writes them, with what transformers computes (make_gguf_models.py, make_gguf_others.py). */
const MODELS = [
  { name: "llama3", modelType: "llama" },
  { name: "llama-linear", modelType: "llama" },
  { name: "mistral", modelType: "llama" },
  { name: "qwen2", modelType: "qwen2" },
  { name: "qwen3", modelType: "qwen3" },
  { name: "gemma", modelType: "gemma" },
  { name: "gemma2", modelType: "gemma2" },
  { name: "gemma3", modelType: "gemma3_text" },
  { name: "phi3", modelType: "phi3" },
  { name: "nvfp4", modelType: "llama" },
  { name: "gptneox", modelType: "gpt_neox", body: "gpt_neox" },
  { name: "gptneox-sequential", modelType: "gpt_neox", body: "gpt_neox" },
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(MODELS)("$name.gguf", ({ name, modelType, body: bodyName = "model" }) => {
  const path = join(FIXTURES, "gguf", `${name}.gguf`);
  const expected = expectedValues(`gguf-${name}`);
  const inputs = { input_ids: expected.read("input_ids"), attention_mask: expected.read("attention_mask") };

  test("gives transformers' logits; nothing is missing or unexpected", async () => {
    const warn = vi.spyOn(console, "warn");
    const model = await AutoModelForCausalLM.fromPretrained(path);
    expect(model.config.model_type).toBe(modelType);
    expect(maxDifference(model.call(inputs).logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
    const body = await AutoModel.fromPretrained(path);
    expect(body.call(inputs).last_hidden_state.shape.slice(0, 2)).toEqual(inputs.input_ids.shape);
    expect(warn).not.toHaveBeenCalled();
  });

  test("is captured with the names of its architecture", async () => {
    const model = await AutoModelForCausalLM.fromPretrained(path);
    const pg = await PatchableGraph.capture(model, inputs);
    expect(torch.equal((await pg.run(inputs)).logits, model.call(inputs).logits)).toBe(true);
    const last = pg.aliases.size > 30 ? 1 : 0;
    expect(pg.aliases.get(`blocks.${last}.hook_resid_post`)).toBe(`${bodyName}.layers_${last}.output`);
  });
});

test.each([
  ["qwen2", 16],
  // Rows that are put in another order.
  ["gptneox", 10],
  // A scale beside each matrix.
  ["nvfp4", 7],
] as const)("weights of %s stay quantised where that is asked for", async (name, count) => {
  const expected = expectedValues(`gguf-${name}`);
  const path = join(FIXTURES, "gguf", `${name}.gguf`);
  const model = await AutoModelForCausalLM.fromPretrained(path, { keepQuantized: true });
  const kept = [...model.namedModules()].flatMap(
    ([, m]) => m.parametrization("weight")?.constructor.name ?? [],
  );
  expect(kept).toEqual(Array(count).fill("GgufWeight"));
  const inputs = { input_ids: expected.read("input_ids"), attention_mask: expected.read("attention_mask") };
  expect(maxDifference(model.call(inputs).logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
  // Rounded once, whether it is kept or not.
  const [dense, computed] = await Promise.all(
    [false, true].map((keepQuantized) =>
      AutoModelForCausalLM.fromPretrained(path, { dtype: "bfloat16", keepQuantized }),
    ),
  );
  expect(torch.equal(dense.call(inputs).logits, computed.call(inputs).logits)).toBe(true);
});

test("BERT has its last hidden states, and no head", async () => {
  const warn = vi.spyOn(console, "warn");
  const expected = expectedValues("gguf-bert");
  const path = join(FIXTURES, "gguf/bert.gguf");
  const model = await AutoModel.fromPretrained(path);
  const read = (name: string) => expected.read(name);
  const inputs = { input_ids: read("input_ids"), attention_mask: read("attention_mask") };
  const typed = { ...inputs, token_type_ids: read("token_type_ids") };
  const { last_hidden_state, ...others } = model.call(typed);
  expect(maxDifference(last_hidden_state, read("last_hidden_state"))).toBeLessThanOrEqual(1e-5);
  expect(others).toEqual({});
  expect(warn).not.toHaveBeenCalled();
  await expect(AutoModelForMaskedLM.fromPretrained(path)).rejects.toThrow(/lacks 5 of the weights.*cls\./);
});

const STRING = 8;
const UINT32 = 4;

/** A file of metadata alone; the configuration comes before the weights. */
function file(scratch: ScratchFolder, architecture: string, pairs: Record<string, string | number>): string {
  const sizes = { embedding_length: 16, block_count: 1, "attention.head_count": 2, feed_forward_length: 8 };
  const entries = Object.entries({ ...sizes, ...pairs });
  const bytes = new GgufBytes().start(0, entries.length + 1);
  bytes.text("general.architecture").u32(STRING).text(architecture);
  for (const [key, value] of entries) {
    bytes.text(`${architecture}.${key}`);
    if (typeof value === "string") bytes.u32(STRING).text(value);
    else bytes.u32(UINT32).u32(value);
  }
  return scratch.write("model.gguf", bytes.bytes());
}

describe("a model in three files", () => {
  const part = (i: number): string => `split-0000${i}-of-00003.gguf`;

  test.each([1, 3])("is opened by file %i", async (i) => {
    const expected = expectedValues("gguf-split");
    const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gguf", part(i)));
    const inputs = { input_ids: expected.read("input_ids"), attention_mask: expected.read("attention_mask") };
    expect(maxDifference(model.call(inputs).logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
  });

  /** The parts in a folder of their own, each from the fixture of the number that is given. */
  function folder(scratch: ScratchFolder, parts: Record<string, number>): void {
    for (const [name, from] of Object.entries(parts)) {
      scratch.write(name, readFileSync(join(FIXTURES, "gguf", part(from))));
    }
  }

  test("is what a folder with nothing else stands for", async () => {
    using scratch = new ScratchFolder();
    folder(scratch, { [part(1)]: 1, [part(2)]: 2, [part(3)]: 3 });
    expect((await AutoModel.fromPretrained(scratch.path)).config.model_type).toBe("llama");
  });

  test.each<[string, Record<string, number>, RegExp]>([
    [
      "parts that are not there",
      { [part(1)]: 1, [part(3)]: 3 },
      /is one of 3 files of a model; there is no .*00002-of/,
    ],
    [
      "parts in another order",
      { [part(1)]: 1, [part(2)]: 3, [part(3)]: 2 },
      /00002-of-00003.gguf says that it is part 3, not 2/,
    ],
    ["another name", { "model.gguf": 1 }, /must be called so \("…-00001-of-00003.gguf"\)/],
  ])("%s", async (_, parts, message) => {
    using scratch = new ScratchFolder();
    folder(scratch, parts);
    const given = join(scratch.path, Object.keys(parts)[0]);
    await expect(AutoModelForCausalLM.fromPretrained(given)).rejects.toThrow(message);
  });

  test("a tensor that two parts have is refused", async () => {
    using scratch = new ScratchFolder();
    for (const i of [0, 1]) {
      const bytes = new GgufBytes().start(1, 2).text("split.count").u32(UINT32).u32(2);
      bytes.text("split.no").u32(UINT32).u32(i).tensor("output.weight", [1], 0, 0);
      scratch.write(`model-0000${i + 1}-of-00002.gguf`, bytes.bytes(32));
    }
    const given = join(scratch.path, "model-00001-of-00002.gguf");
    await expect(AutoModelForCausalLM.fromPretrained(given)).rejects.toThrow(
      /00002.gguf: the tensor "output.weight" is in .*00001-of-00002.gguf, too/,
    );
  });
});

describe("a scaling is what llama.cpp understands by it", () => {
  test.each<[Record<string, string | number>, object]>([
    [{ "rope.scaling.factor": 4 }, { rope_type: "linear", factor: 4 }],
    [{ "rope.scale_linear": 2 }, { rope_type: "linear", factor: 2 }],
    [{ "rope.scaling.type": "none", "rope.scaling.factor": 4 }, { rope_type: "default" }],
    [
      { "rope.scaling.type": "yarn", "rope.scaling.factor": 4, "rope.scaling.yarn_attn_factor": 2 },
      { rope_type: "yarn", factor: 4, attention_factor: 2 },
    ],
  ])("%j", (pairs, expected) => {
    using scratch = new ScratchFolder();
    const { config } = openGguf(file(scratch, "llama", { vocab_size: 3, ...pairs }));
    expect(readLlamaConfig(config).rope_parameters).toMatchObject(expected);
  });
});

describe("what a file says that is not computed here is refused by name", () => {
  test("keys that change nothing are passed over, and so are those that are off", async () => {
    using scratch = new ScratchFolder();
    const pairs = {
      "vision.block_count": 2,
      pooling_type: 1,
      "attention.clamp_kqv": 0,
      expert_used_count: 2,
    };
    // What is missed first is a weight.
    await expect(AutoModelForCausalLM.fromPretrained(file(scratch, "gemma3", pairs))).rejects.toThrow(
      /lacks \d+ of the weights of Gemma3ForCausalLM/,
    );
  });

  test.each<[string, Record<string, string | number>, RegExp]>([
    [
      "llama",
      { "rope.scaling.type": "ntk" },
      /rope_scaling: "rope_type" is "ntk", known here are default, linear/,
    ],
    ["llama", { expert_count: 8 }, /"num_local_experts" is 8, which is not implemented here/],
    [
      "qwen2",
      { "rope.scaling.type": "yarn" },
      /rope_scaling: "factor" must be a positive number; it is missing/,
    ],
    ["llama", { "attention.sliding_window": 3 }, /"llama\.attention\.sliding_window" is 3, which is not/],
    ["qwen3", { "attention.clamp_kqv": 8 }, /"qwen3\.attention\.clamp_kqv" is 8, which is not implemented/],
    ["gpt2", { brightness: 2 }, /"gpt2\.brightness" is 2, which is not implemented here/],
    [
      "gemma",
      { "attention.key_length": 8, "rope.dimension_count": 4 },
      /"partial_rotary_factor" is 0\.5, but/,
    ],
    [
      "llama",
      { "attention.key_length": 8, "rope.dimension_count": 4 },
      /"partial_rotary_factor" is 0\.5, but/,
    ],
    ["qwen2", { "rope.scaling.type": "yarn", "rope.scaling.yarn_ext_factor": 0 }, /yarn_ext_factor" is 0, /],
    ["llama", { "rope.scaling.attn_factor": 2 }, /"llama\.rope\.scaling\.attn_factor" is 2, which is not/],
    ["bert", { "attention.causal": 1 }, /"bert\.attention\.causal" is 1, which is not implemented here/],
    ["phi3", { "rope.dimension_count": 9 }, /"partial_rotary_factor" is 1\.125; of 8 channels/],
    [
      "mamba",
      {},
      /architecture "mamba"; known in GGUF are gpt2, gptneox, llama, .* Any PyTorch model can be brought in/,
    ],
  ])("%s with %j", async (architecture, pairs, message) => {
    using scratch = new ScratchFolder();
    await expect(AutoModel.fromPretrained(file(scratch, architecture, pairs))).rejects.toThrow(message);
  });

  test("scales that are not one for a whole matrix", async () => {
    using scratch = new ScratchFolder();
    const bytes = new GgufBytes().start(1, 1).text("general.architecture").u32(STRING).text("llama");
    const path = scratch.write("model.gguf", bytes.tensor("blk.0.ffn_up.scale", [2], 0, 0).bytes(64));
    await expect(AutoModel.fromPretrained(path)).rejects.toThrow(
      /"blk\.0\.ffn_up\.scale" has the shape \[2\]; only one scale for a whole matrix/,
    );
  });
});
