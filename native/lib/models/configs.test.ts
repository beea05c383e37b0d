import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CorruptFileError, GraphpatchError, UnknownArchitectureError } from "../errors";
import { AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM } from ".";
import { readBertConfig } from "./bert";
import { ConfigReader } from "./configReader";
import { readGemmaConfig } from "./gemma";
import { readGemma2Config } from "./gemma2";
import { readGemma3TextConfig } from "./gemma3";
import { readGPT2Config } from "./gpt2";
import { readGPTNeoXConfig } from "./gptNeoX";
import { readLlamaConfig } from "./llama";
import { readMistralConfig } from "./mistral";
import { readOPTConfig } from "./opt";
import { readPhi3Config } from "./phi3";
import { readQwen2Config } from "./qwen2";
import { readQwen3Config } from "./qwen3";

type Config = { readonly model_type: string; readonly [key: string]: unknown };

const READERS: Readonly<Record<string, (reader: ConfigReader) => object>> = {
  gpt2: readGPT2Config,
  llama: readLlamaConfig,
  mistral: readMistralConfig,
  qwen2: readQwen2Config,
  qwen3: readQwen3Config,
  gemma: readGemmaConfig,
  gemma2: readGemma2Config,
  gemma3_text: readGemma3TextConfig,
  phi3: readPhi3Config,
  gpt_neox: readGPTNeoXConfig,
  opt: readOPTConfig,
  bert: readBertConfig,
};

const read = (config: Config): object => READERS[config.model_type](new ConfigReader(config, "config.json"));

const PATH = join(__dirname, "../../../test/fixtures/expected/configs.json");
const cases: { name: string; config: Config; understood: Record<string, unknown> }[] = JSON.parse(
  readFileSync(PATH, "utf8"),
);

/** Fields that transformers derives where it needs them, or that are ours alone. */
const DERIVED = new Set(["head_dim", "has_final_layer_norm"]);

/** The part of transformers' rope parameters that a type of ours has; it leaves in what does not apply. */
function applicable(ours: object, theirs: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.keys(ours)
      .filter((key) => key in theirs)
      .map((key) => [key, theirs[key]]),
  );
}

test.each(cases)("$name is understood as transformers does", ({ config, understood }) => {
  const ours = read(config) as Record<string, unknown>;
  for (const [key, value] of Object.entries(ours)) {
    const theirs = understood[key];
    if (DERIVED.has(key) && theirs === undefined) continue;
    if (key === "rope_parameters") {
      const sets = (config.model_type === "gemma3_text" ? value : { all: value }) as Record<string, object>;
      const others = config.model_type === "gemma3_text" ? theirs : { all: theirs };
      for (const [type, set] of Object.entries(sets)) {
        const expected = (others as Record<string, Record<string, unknown>>)[type];
        expect(set).toMatchObject(applicable(set, expected));
        expect(set).toMatchObject({ rope_type: expected.rope_type, rope_theta: expected.rope_theta });
      }
    } else if (key === "n_inner") {
      expect(value).toBe(theirs ?? 4 * Number(ours.n_embd));
    } else if (key === "head_dim") {
      expect(value).toBe(theirs ?? Number(ours.hidden_size) / Number(ours.num_attention_heads));
    } else {
      expect({ [key]: value }).toEqual({ [key]: theirs });
    }
  }
});

describe("what changes the computation and is not implemented is refused by name and value", () => {
  const everywhere: [string, unknown][] = [
    ["quantization_config", { quant_method: "gptq", bits: 4 }],
    ["is_encoder_decoder", true],
    ["add_cross_attention", true],
    ["is_causal", false],
    ["use_bidirectional_attention", true],
    ["pruned_heads", { "0": [1, 2] }],
    ["num_experts", 8],
    ["num_local_experts", 8],
  ];
  const cases = Object.keys(READERS).flatMap((model_type) =>
    everywhere.map(([key, value]) => ({ model_type, key, value })),
  );
  const rope = (parameters: object) => ({ rope_theta: 10000, ...parameters });
  const special: { model_type: string; key: string; value: unknown; more?: object }[] = [
    ...Object.keys(READERS).map((model_type) => {
      const key = /^gemma[23]/.test(model_type) ? "hidden_activation" : "hidden_act";
      return { model_type, key: /gpt2|opt/.test(model_type) ? "activation_function" : key, value: "swoosh" };
    }),
    { model_type: "bert", key: "is_decoder", value: true },
    { model_type: "bert", key: "position_embedding_type", value: "relative_key" },
    { model_type: "mistral", key: "attention_bias", value: true },
    { model_type: "mistral", key: "mlp_bias", value: true },
    {
      model_type: "mistral",
      key: "layer_types",
      value: ["full_attention", "sliding_attention"],
      more: { num_hidden_layers: 2 },
    },
    { model_type: "qwen2", key: "layer_types", value: ["chunked_attention"], more: { num_hidden_layers: 1 } },
    { model_type: "qwen3", key: "layer_types", value: ["linear_attention"], more: { num_hidden_layers: 1 } },
    { model_type: "phi3", key: "attention_bias", value: true },
    { model_type: "gemma", key: "hidden_activation", value: "relu" },
    { model_type: "gemma3_text", key: "attn_logit_softcapping", value: 50 },
    { model_type: "gpt_neox", key: "head_dim", value: 12 },
    { model_type: "llama", key: "partial_rotary_factor", value: 0.5 },
  ];
  test.each([...cases, ...special])("$model_type: $key $value", ({ model_type, key, value, ...rest }) => {
    const failing = () => read({ model_type, [key]: value, ...("more" in rest ? rest.more : {}) });
    expect(failing).toThrow(UnknownArchitectureError);
    expect(failing).toThrow(`"${key}" is ${JSON.stringify(value)}`);
    expect(failing).toThrow(/torch\.export\.save, then PatchableGraph\.load\("model\.pt2"\)/);
  });

  test.each(["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gpt_neox"])(
    "%s: a rope type",
    (model_type) => {
      for (const rope_type of ["proportional", "axial", "mrope", "ntk"]) {
        const failing = () => read({ model_type, rope_parameters: rope({ rope_type, factor: 2 }) });
        expect(failing).toThrow(UnknownArchitectureError);
        expect(failing).toThrow(
          `rope_parameters: "rope_type" is "${rope_type}", known here are default, linear`,
        );
      }
      const old = () => read({ model_type, rope_scaling: { type: "ntk", factor: 2 } });
      expect(old).toThrow(/rope_scaling: "type" is "ntk"/);
    },
  );

  test("Phi-3 has LongRoPE only; Gemma 3 a set of parameters for each type of layer", () => {
    expect(() => read({ model_type: "phi3", rope_scaling: { type: "linear", factor: 2 } })).toThrow(
      /"type" is "linear", known here are default, longrope/,
    );
    const rope_parameters = { sliding_attention: rope({ rope_type: "ntk" }), full_attention: null };
    expect(() => read({ model_type: "gemma3_text", rope_parameters })).toThrow(/"rope_type" is "ntk"/);
    const flat = rope({ rope_type: "default" });
    expect(() => read({ model_type: "gemma3_text", rope_parameters: flat })).toThrow(
      /must have the keys "full/,
    );
  });
});

test("Gemma 3 with images: what is wrong in its text_config is named there", () => {
  const fromConfig = (text_config?: object) => () =>
    AutoModelForCausalLM.fromConfig({ model_type: "gemma3", text_config });
  expect(fromConfig()).toThrow(/"text_config" is missing/);
  expect(fromConfig({ final_logit_softcapping: 30 })).toThrow(/text_config: "final_logit_softcapping" is 30/);
});

describe("fields that do not fit each other", () => {
  test.each([
    ["mistral", { num_key_value_heads: 5 }, /not a multiple of the 5 key-value heads/],
    ["gpt_neox", { hidden_size: 100 }, /"hidden_size" is 100, not a multiple of the 64 heads/],
    ["opt", { hidden_size: 100 }, /"hidden_size" is 100, not a multiple of the 12 heads/],
    ["bert", { num_attention_heads: 7 }, /"hidden_size" is 768, not a multiple of the 7 heads/],
    ["qwen2", { layer_types: ["full_attention"] }, /"layer_types" has 1 entries for 32 layers/],
    [
      "qwen3",
      { num_hidden_layers: 1, layer_types: ["sliding_attention"] },
      /layers of sliding attention, but there is no sliding_window/,
    ],
    ["gemma2", { sliding_window: null }, /there is no sliding_window/],
    ["gemma2", { sliding_window: 0 }, /"sliding_window" must be a positive integer/],
    ["gemma2", { attn_logit_softcapping: -1 }, /"attn_logit_softcapping" must be a positive number/],
    ["gpt_neox", { rotary_pct: 1.5 }, /"rotary_pct" is 1\.5; of 96 channels at least one must be rotated/],
    ["gpt_neox", { rotary_pct: 0.001 }, /"rotary_pct" is 0\.001/],
    [
      "phi3",
      { rope_scaling: { type: "longrope", short_factor: [1], long_factor: [1] } },
      /rope_scaling: "short_factor" must be a list of 48 positive numbers; found \[1\]/,
    ],
    ["llama", { rope_scaling: { type: "yarn" } }, /rope_scaling: "factor" must be a positive number/],
    ["llama", { head_dim: 2, rope_scaling: { type: "dynamic", factor: 2 } }, /more than 2 rotated channels/],
    ["llama", { rope_scaling: "linear" }, /"rope_scaling" must be an object; found "linear"/],
    ["qwen2", { layer_types: "full_attention" }, /"layer_types" must be a list of strings/],
  ])("%s with %j", (model_type, fields, message) => {
    expect(() => read({ model_type, ...fields })).toThrow(GraphpatchError);
    expect(() => read({ model_type, ...fields })).toThrow(CorruptFileError);
    expect(() => read({ model_type, ...fields })).toThrow(message);
  });
});

describe("a model without the head that is asked for", () => {
  test("the error names what loads it", () => {
    const bert = { model_type: "bert" };
    expect(() => AutoModelForCausalLM.fromConfig(bert)).toThrow(UnknownArchitectureError);
    expect(() => AutoModelForCausalLM.fromConfig(bert)).toThrow(
      /"bert", which AutoModelForCausalLM does not have; load it with AutoModel or AutoModelForMaskedLM/,
    );
    expect(() => AutoModelForMaskedLM.fromConfig({ model_type: "opt" })).toThrow(
      /load it with AutoModel or AutoModelForCausalLM/,
    );
    expect(() => AutoModel.fromConfig({ model_type: "t5" })).toThrow(
      /known are gpt2, llama, .*bert\. Any PyTorch/,
    );
  });
});
