import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ArgumentError,
  CorruptFileError,
  GraphpatchError,
  MissingFileError,
  ShapeError,
  UnknownArchitectureError,
} from "../errors";
import { torch } from "../torch";
import { AutoModelForCausalLM, type CausalLM } from ".";

const FIXTURES = join(__dirname, "../../../test/fixtures");
const load = (path: string): Promise<CausalLM> => AutoModelForCausalLM.fromPretrained(path);

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "graphpatch-"));
});
afterEach(() => {
  rmSync(scratch, { recursive: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A copy of a fixture with fields of its configuration changed; undefined takes a field away. */
function copyWith(name: string, changes: Record<string, unknown>): string {
  const folder = join(scratch, name);
  cpSync(join(FIXTURES, name), folder, { recursive: true });
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...changes }));
  return folder;
}

async function failure(path: string): Promise<Error> {
  try {
    await load(path);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${path} was loaded`);
}

describe("what cannot be loaded", () => {
  test("a path that is not there", async () => {
    const error = await failure("no/such/model");
    expect(error).toBeInstanceOf(MissingFileError);
    expect(error.message).toContain(join(process.cwd(), "no/such/model"));
  });

  test("a name that is nowhere: the message says where it was looked for", async () => {
    vi.stubEnv("GRAPHPATCH_MODELS", join(FIXTURES, "gguf"));
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const error = await failure("no-such-model");
    expect(error).toBeInstanceOf(MissingFileError);
    expect(error.message).toContain(join(FIXTURES, "gguf"));
  });

  test("an empty name", async () => {
    expect(await failure("")).toBeInstanceOf(ArgumentError);
  });

  test("an empty directory", async () => {
    const error = await failure(scratch);
    expect(error).toBeInstanceOf(MissingFileError);
    expect(error.message).toContain("config.json");
  });

  test("a directory with pickled weights only", async () => {
    const folder = copyWith("gpt2-tiny", {});
    rmSync(join(folder, "model.safetensors"));
    writeFileSync(join(folder, "pytorch_model.bin"), "");
    const error = await failure(folder);
    expect(error).toBeInstanceOf(MissingFileError);
    expect(error.message).toMatch(/neither model\.safetensors nor .*pytorch_model\.bin is a pickle/);
  });

  test("a shard that is missing", async () => {
    const folder = copyWith("llama-tiny", {});
    rmSync(join(folder, "model-00002-of-00003.safetensors"));
    const error = await failure(folder);
    expect(error).toBeInstanceOf(MissingFileError);
    expect(error.message).toMatch(/model-00002-of-00003\.safetensors is missing; .*index\.json names it/);
  });

  test("an unknown architecture", async () => {
    const error = await failure(copyWith("gpt2-tiny", { model_type: "mamba" }));
    expect(error).toBeInstanceOf(UnknownArchitectureError);
    expect(error.message).toMatch(
      /architecture "mamba"; known are gpt2, llama, .*torch\.export.*PatchableGraph\.load\("model\.pt2"\)/,
    );
  });

  test("a configuration that is not JSON", async () => {
    const folder = copyWith("gpt2-tiny", {});
    writeFileSync(join(folder, "config.json"), "{");
    expect(await failure(folder)).toBeInstanceOf(CorruptFileError);
  });

  test.each([
    ["gpt2-tiny", { model_type: undefined }, /"model_type" must be a string; it is missing/],
    [
      "gpt2-tiny",
      { n_layer: "three" },
      /"n_layer" must be a positive integer of at most 4096; found "three"/,
    ],
    ["gpt2-tiny", { n_layer: 1e9 }, /"n_layer" must be a positive integer of at most 4096; found 1000000000/],
    ["llama-tiny", { num_hidden_layers: 1e9 }, /"num_hidden_layers" must be/],
    ["llama-tiny", { head_dim: 2 ** 30 }, /"head_dim" must be a positive integer of at most 65536/],
    ["gpt2-tiny", { n_embd: 33 }, /"n_embd" is 33, not a multiple of the 4 heads/],
    ["gpt2-tiny", { n_head: 2 ** 40 }, /"n_head" must be a positive integer/],
    ["gpt2-tiny", { n_embd: 2 ** 31 - 4 }, /"n_embd" must be a positive integer of at most 16777216/],
    [
      "gpt2-tiny",
      { n_head: "x".repeat(1e6) },
      /"n_head" must be a positive integer of at most \d+; found "x{199}…$/,
    ],
    ["gpt2-tiny", { model_type: "\u001b[31m" }, /architecture "\\u001b\[31m"; known are gpt2/],
    ["gpt2-tiny", { layer_norm_epsilon: -1 }, /"layer_norm_epsilon" must be a positive number; found -1/],
    [
      "gpt2-tiny",
      { activation_function: "swoosh" },
      /"activation_function" is "swoosh", an unknown activation; known are gelu/,
    ],
    ["gpt2-tiny", { add_cross_attention: true }, /"add_cross_attention" is true/],
    ["llama-tiny", { num_key_value_heads: 3 }, /not a multiple of the 3 key-value heads/],
    ["llama-tiny", { head_dim: 7 }, /"head_dim" is 7; rotary embedding needs an even number/],
    [
      "llama-tiny",
      { rope_parameters: { rope_type: "proportional" } },
      /"rope_type" is "proportional", known here are default, linear, dynamic, yarn, longrope, llama3\./,
    ],
    [
      "llama-tiny",
      { rope_parameters: { rope_type: "linear" } },
      /rope_parameters: "factor" must be a positive number/,
    ],
    ["llama-tiny", { rope_parameters: 7 }, /"rope_parameters" must be an object; found 7/],
    ["llama-tiny", { tie_word_embeddings: "yes" }, /"tie_word_embeddings" must be true or false/],
  ])("%s with %j", async (name, changes, message) => {
    const error = await failure(copyWith(name, changes));
    expect(error).toBeInstanceOf(GraphpatchError);
    expect(error.message).toMatch(message);
  });

  test("weights that are missing are listed", async () => {
    const error = await failure(copyWith("gpt2-tiny", { n_layer: 4 }));
    expect(error).toBeInstanceOf(CorruptFileError);
    expect(error.message).toMatch(
      /lacks 12 of the weights of GPT2LMHeadModel: transformer\.h\.3\.\S+, .* and 7 more/,
    );
  });

  test("a weight of another shape is named", async () => {
    const error = await failure(copyWith("gpt2-tiny", { n_positions: 65 }));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toMatch(/transformer\.wpe\.weight/);
  });

  test("a dtype that models do not have", async () => {
    const options = { dtype: "int8" as "float32" };
    const loading = AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gpt2-tiny"), options);
    await expect(loading).rejects.toThrow(/dtype must be one of float32, float16, bfloat16; found "int8"/);
  });
});

test("weights that the model has no place for are named in a warning", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const model = await load(copyWith("gpt2-tiny", { n_layer: 2 }));
  expect([...model.namedModules()].length).toBeGreaterThan(10);
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(/has 12 weights that GPT2LMHeadModel has no place for: transformer\.h\.2\./),
  );
});

test("a model is found by name in $GRAPHPATCH_MODELS", async () => {
  vi.stubEnv("GRAPHPATCH_MODELS", FIXTURES);
  const model = await load("gpt2-18-layers");
  expect(model.config).toMatchObject({ model_type: "gpt2", n_layer: 18 });
  vi.stubEnv("GRAPHPATCH_MODELS", join(FIXTURES, "gguf"));
  expect((await load("llama-tiny")).config).toMatchObject({ model_type: "llama", num_hidden_layers: 3 });
});

test("weights saved without the name of the body", async () => {
  const folder = copyWith("gpt2-tiny", {});
  const path = join(folder, "model.safetensors");
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  // The same length, so that the header stays where it is.
  const header = bytes.toString("utf8", 8, 8 + length);
  const renamed = header.replaceAll('"transformer.', '"').padEnd(length);
  writeFileSync(
    path,
    Buffer.concat([bytes.subarray(0, 8), Buffer.from(renamed), bytes.subarray(8 + length)]),
  );
  const input_ids = torch.tensor([[3, 4, 5]]);
  const [bare, full] = [await load(folder), await load(join(FIXTURES, "gpt2-tiny"))];
  expect(torch.equal(bare.call({ input_ids }).logits, full.call({ input_ids }).logits)).toBe(true);
});

test("tied embeddings are one parameter", async () => {
  const parameters = (model: CausalLM) => [...model.namedParameters()].map(([name]) => name);
  expect(parameters(await load(join(FIXTURES, "llama-tiny")))).not.toContain("lm_head.weight");
  expect(parameters(await load(join(FIXTURES, "llama-tiny-untied")))).toContain("lm_head.weight");
});

test("a tied weight that is set by one of its names is set in each of its uses", () => {
  const model = AutoModelForCausalLM.fromConfig({
    model_type: "gpt2",
    vocab_size: 9,
    n_layer: 1,
    n_embd: 4,
    n_head: 1,
  });
  const tied = ["transformer.wte.weight", "lm_head.weight"];
  for (const name of tied) {
    const weight = torch.randn([9, 4]);
    const { missing } = model.loadStateDict(new Map([[name, weight]]), { strict: false });
    expect(missing).not.toEqual(expect.arrayContaining(tied.slice(0, 1)));
    for (const one of tied) expect(model.stateDict().get(one)).toBe(weight);
  }
  const [first, second] = [torch.randn([9, 4]), torch.randn([9, 4])];
  model.loadStateDict(new Map(tied.map((name, i) => [name, [first, second][i]])), { strict: false });
  expect(tied.map((name) => model.stateDict().get(name))).toEqual([first, second]);
});

test.each(["gpt2", "llama"])("a random %s from a configuration", (model_type) => {
  const small = { vocab_size: 50, n_layer: 2, n_embd: 16, n_head: 2, hidden_size: 16, num_hidden_layers: 2 };
  const config = { model_type, ...small, num_attention_heads: 2, intermediate_size: 32 };
  const model = AutoModelForCausalLM.fromConfig(config);
  const { logits } = model.call({ input_ids: torch.tensor([[1, 2, 3]]) });
  expect(logits.shape).toEqual([1, 3, 50]);
  expect(logits.requires_grad).toBe(false);
});

test("a configuration of no architecture", () => {
  expect(() => AutoModelForCausalLM.fromConfig({ model_type: "?" })).toThrow(UnknownArchitectureError);
});
