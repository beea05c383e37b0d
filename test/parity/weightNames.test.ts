import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CorruptFileError, UnknownArchitectureError } from "../../native/lib/errors";
import { AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM } from "../../native/lib/models";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { SafetensorsFile, saveSafetensors } from "../../native/lib/weights";
import { copyCheckpoint } from "../support/checkpoints";
import { FIXTURES, ScratchFolder } from "../support/files";
import { expectedValues, INPUTS, inputsOf, MODELS, maxDifference } from "../support/parity";

let scratch: ScratchFolder;
let warnings: string[];
beforeEach(() => {
  scratch = new ScratchFolder();
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((text) => warnings.push(String(text)));
});
afterEach(() => {
  scratch[Symbol.dispose]();
  vi.restoreAllMocks();
});

const copy = (name: string, rename: (weight: string) => string[], config?: Record<string, unknown>): string =>
  copyCheckpoint(join(FIXTURES, name), join(scratch.path, "model"), rename, config);
const same = (weight: string): string[] => [weight];

describe.each(MODELS)("$name", ({ name, load, block, weight }) => {
  const expected = expectedValues(name);

  test("a weight that is missing is named", async () => {
    const folder = copy(name, (own) => (own === weight ? [] : [own]));
    const loading = load(folder);
    await expect(loading).rejects.toThrow(CorruptFileError);
    await expect(loading).rejects.toThrow(
      `lacks 1 of the weights of ${(await load(join(FIXTURES, name))).constructor.name}: ${weight}`,
    );
  });

  test("one that is not expected is named", async () => {
    const folder = copy(name, (own) => (own === weight ? [own, "extra.weight"] : [own]));
    const model = await load(folder);
    expect(warnings).toEqual([
      expect.stringMatching(/has 1 weights that \w+ has no place for: extra\.weight$/),
    ]);
    const { logits } = model.call(inputsOf(expected, "plain"));
    expect(maxDifference(logits, expected.read("plain/logits"))).toBeLessThanOrEqual(1e-5);
  });

  test("names of the body without its own, beside those of the head", async () => {
    const body = `${block(0).split(".")[0]}.`;
    const folder = copy(name, (own) => [own.startsWith(body) ? own.slice(body.length) : own]);
    const { logits } = (await load(folder)).call(inputsOf(expected, "plain"));
    expect(maxDifference(logits, expected.read("plain/logits"))).toBeLessThanOrEqual(1e-5);
    expect(warnings).toEqual([]);
  });
});

describe("tied embeddings", () => {
  const embedding = "model.embed_tokens.weight";
  const inputs = { input_ids: torch.tensor([[3, 4, 5]]) };
  const logitsOf = async (folder: string) =>
    (await AutoModelForCausalLM.fromPretrained(folder)).call(inputs).logits;

  test("that are in the file twice, or by the head's name alone, are one", async () => {
    const reference = await logitsOf(join(FIXTURES, "gemma-tiny"));
    for (const names of [[embedding, "lm_head.weight"], ["lm_head.weight"]]) {
      const folder = copy("gemma-tiny", (own) => (own === embedding ? names : [own]));
      const model = await AutoModelForCausalLM.fromPretrained(folder);
      expect([...model.namedParameters()].map(([name]) => name)).not.toContain("lm_head.weight");
      expect(torch.equal(model.call(inputs).logits, reference)).toBe(true);
    }
    expect(warnings).toEqual([]);
  });

  test("that are in the file twice and differ are kept apart, with a warning", async () => {
    // The untied head of one model under a configuration that ties it.
    const untied = join(FIXTURES, "llama-tiny-untied");
    const folder = copy("llama-tiny-untied", same, { tie_word_embeddings: true });
    expect(torch.equal(await logitsOf(folder), await logitsOf(untied))).toBe(true);
    expect(warnings).toEqual([
      expect.stringMatching(
        /lm_head\.weight and model\.embed_tokens\.weight are one weight in a LlamaForCausalLM .* they differ/,
      ),
    ]);
  });
});

describe("weights that are quantised in a way that is not read", () => {
  const weight = "model.layers.0.mlp.up_proj.weight";
  const layer = weight.replace(/\.weight$/, "");
  const tensors = (): Map<string, Tensor> => {
    const file = new SafetensorsFile(join(FIXTURES, "mistral-tiny/model.safetensors"));
    return new Map(file.names().map((name) => [name, file.read(name)]));
  };
  /** A directory of the model with some of its weights replaced, and others beside. */
  const folder = async (changes: Record<string, Tensor>): Promise<string> => {
    const path = copy("mistral-tiny", same);
    await saveSafetensors(
      join(path, "model.safetensors"),
      new Map([...tensors(), ...Object.entries(changes)]),
    );
    return path;
  };

  test.each([
    ["bitsandbytes in 8 bits", `${layer}.SCB`],
    ["bitsandbytes in 4 bits", `${weight}.absmax`],
    ["bitsandbytes in 4 bits", `${weight}.quant_state.bitsandbytes__nf4`],
    ["FP8 by blocks", `${layer}.weight_scale_inv`],
    ["FP8 by tensors", `${layer}.weight_scale`],
    ["FP8 of other tools", `${layer}.scale_weight`],
    ["compressed-tensors", `${layer}.weight_zero_point`],
  ])("%s: %s beside a weight is refused by name", async (_, name) => {
    const loading = AutoModelForCausalLM.fromPretrained(await folder({ [name]: torch.ones([1]) }));
    await expect(loading).rejects.toThrow(UnknownArchitectureError);
    await expect(loading).rejects.toThrow(`there is "${name}" beside "${weight}": it is quantised`);
  });

  test.each(["int8", "uint8", "int32"] as const)("a weight of %s is refused", async (dtype) => {
    const stored = tensors().get(weight)?.to(dtype) ?? torch.empty([0]);
    await expect(AutoModelForCausalLM.fromPretrained(await folder({ [weight]: stored }))).rejects.toThrow(
      `"${weight}" is of ${dtype}: it is quantised`,
    );
  });

  test("scales of what is cached change no weight: they are unexpected, no more", async () => {
    await AutoModelForCausalLM.fromPretrained(
      await folder({ "model.layers.0.self_attn.k_scale": torch.ones([1]) }),
    );
    expect(warnings).toEqual([expect.stringMatching(/no place for: model\.layers\.0\.self_attn\.k_scale$/)]);
  });

  test.each([
    ["gptq", { bits: 4, group_size: 128 }],
    ["awq", { bits: 4, version: "gemm" }],
    ["bitsandbytes", { load_in_4bit: true }],
    ["fp8", { weight_block_size: [128, 128] }],
    ["mxfp4", {}],
    ["compressed-tensors", { format: "nvfp4-pack-quantized" }],
  ])(
    "a configuration that says %s is refused, in models that take images, too",
    async (quant_method, fields) => {
      const quantization_config = { quant_method, ...fields };
      for (const name of ["mistral-tiny", "gemma3-tiny-images"]) {
        await expect(
          AutoModelForCausalLM.fromPretrained(copy(name, same, { quantization_config })),
        ).rejects.toThrow(`"quantization_config" is {"quant_method":"${quant_method}"`);
      }
    },
  );

  test.each(["float8_e4m3fn", "float8_e5m2", "float64", "bfloat16"] as const)(
    "numbers in %s alone are numbers",
    async (dtype) => {
      const stored = tensors().get(weight)?.to(dtype) ?? torch.empty([0]);
      const model = await AutoModelForCausalLM.fromPretrained(await folder({ [weight]: stored }));
      const [, loaded] = [...model.namedParameters()].find(([name]) => name === weight) ?? [];
      expect(loaded && torch.equal(loaded, stored.to("float32"))).toBe(true);
      expect(warnings).toEqual([]);
    },
  );
});

test("one weight under two of its names is taken if both are the same, and refused if they differ", async () => {
  const weight = "gpt_neox.layers.0.mlp.dense_h_to_4h.bias";
  const twice = (own: string): string[] => (own === weight ? [own, own.replace("gpt_neox.", "")] : [own]);
  await AutoModelForCausalLM.fromPretrained(copy("gpt-neox-tiny", twice));
  const other = "gpt_neox.layers.1.mlp.dense_h_to_4h.bias";
  const wrong = (own: string): string[] => (own === other ? [own, weight.replace("gpt_neox.", "")] : [own]);
  await expect(AutoModelForCausalLM.fromPretrained(copy("gpt-neox-tiny", wrong))).rejects.toThrow(
    /"(?:gpt_neox\.)?layers\.0\.mlp\.dense_h_to_4h\.bias" and ".*" are both gpt_neox\.layers\.0\..*, and differ/,
  );
  expect(warnings).toEqual([]);
});

describe("Gemma 3 that takes images", () => {
  const expected = expectedValues("gemma3-tiny-images");
  const inputs = { input_ids: expected.read("input_ids"), attention_mask: expected.read("attention_mask") };

  test.each([
    ["in the file", same],
    [
      "in the model",
      (own: string) => [
        own
          .replace(/^language_model\.model\./, "model.language_model.")
          .replace(/^(?=vision_tower|multi_modal_projector)/, "model."),
      ],
    ],
  ] as const)("is loaded without its eyes, from names as they are %s of transformers", async (_, rename) => {
    const folder = copy("gemma3-tiny-images", rename);
    const model = await AutoModelForCausalLM.fromPretrained(folder);
    expect(maxDifference(model.call(inputs).logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
    const body = await AutoModel.fromPretrained(folder);
    expect(body.call(inputs).last_hidden_state.shape).toEqual([2, 7, 16]);
    expect(warnings).toEqual([]);
  });
});

describe("names of old files", () => {
  test("GPT-NeoX: buffers that the model computes itself", async () => {
    const layer = "gpt_neox.layers.0.attention";
    const old = [`${layer}.bias`, `${layer}.masked_bias`, `${layer}.rotary_emb.inv_freq`];
    const folder = copy("gpt-neox-tiny", (own) => (own.endsWith("embed_in.weight") ? [own, ...old] : [own]));
    await AutoModelForCausalLM.fromPretrained(folder);
    expect(warnings).toEqual([]);
  });

  test("BERT: gamma and beta, position ids, and the head's weights beside those they share", async () => {
    const expected = expectedValues("bert-tiny");
    const folder = copy("bert-tiny", (own) => {
      const old = own
        .replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta");
      if (own.endsWith("word_embeddings.weight")) {
        return [old, "cls.predictions.decoder.weight", "bert.embeddings.position_ids"];
      }
      return own === "cls.predictions.bias" ? [old, "cls.predictions.decoder.bias"] : [old];
    });
    const model = await AutoModelForMaskedLM.fromPretrained(folder);
    for (const input of INPUTS) {
      const { logits } = model.call(inputsOf(expected, input));
      expect(maxDifference(logits, expected.read(`${input}/logits`))).toBeLessThanOrEqual(1e-5);
    }
    await AutoModel.fromPretrained(folder);
    expect(warnings).toEqual([]);
  });
});

describe("BERT's pooler", () => {
  const expected = expectedValues("bert-tiny");
  const inputs = inputsOf(expected, "left");

  test("gives the summary that transformers gives", async () => {
    const { pooler_output } = (await AutoModel.fromPretrained(join(FIXTURES, "bert-tiny"))).call(inputs);
    expect(
      pooler_output && maxDifference(pooler_output, expected.read("left/pooler_output")),
    ).toBeLessThanOrEqual(1e-5);
  });

  test("is left out when the file has none", async () => {
    const folder = copy("bert-tiny", (own) => (own.includes("pooler") ? [] : [own]));
    const output = (await AutoModel.fromPretrained(folder)).call(inputs);
    expect(Object.keys(output)).toEqual(["last_hidden_state"]);
    expect(
      maxDifference(output.last_hidden_state, expected.read("left/last_hidden_state")),
    ).toBeLessThanOrEqual(1e-5);
  });
});

describe("inputs that the model would not look at", () => {
  test("are refused by name", async () => {
    const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "opt-tiny"));
    const input_ids = torch.tensor([[3, 4]]);
    const wrong = { input_ids, token_type_ids: input_ids };
    expect(() => model.call(wrong)).toThrow(
      /takes no input "token_type_ids"; it takes input_ids, attention_mask/,
    );
    expect(() => model.call({ input_ids: torch.tensor([3, 4]) })).toThrow(
      /input_ids must be a tensor \[batch, seq\]; it has 1/,
    );
    const mask = { input_ids, attention_mask: torch.ones([1, 1, 2, 2]) };
    expect(() => model.call(mask)).toThrow(
      /attention_mask must be a tensor \[batch, seq\]; it has 4 dimensions/,
    );
  });
});
