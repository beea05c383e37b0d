import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  type CausalLM,
  type MaskedLM,
} from "../../native/lib/models";
import type { ModelDType } from "../../native/lib/models/weightForm";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues, relativeDifference } from "../support/parity";

interface Case {
  name: string;
  config: { model_type: string };
  seed: number;
  rows: number[][];
}

const PATH = join(FIXTURES, "expected/random-models.json");
const cases: Case[] = JSON.parse(readFileSync(PATH, "utf8"));
const expected = expectedValues("random-models");

/** Bit-equal where libtorch and the CPU are those of the fixtures; the tolerance is some steps of the dtype. */
const TOLERANCES: readonly (readonly [ModelDType, number])[] = [
  ["float32", 1e-5],
  ["float16", 0.004],
  ["bfloat16", 0.03],
];

/** The model of a configuration with the weights of `set_weights` (make_random_models.py). */
function build({ config, seed }: Case, dtype: ModelDType): CausalLM | MaskedLM {
  const auto = config.model_type === "bert" ? AutoModelForMaskedLM : AutoModelForCausalLM;
  const model = auto.fromConfig(config, { dtype });
  torch.manual_seed(seed);
  const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  const weights = new Map<string, Tensor>();
  for (const [name, { shape }] of [...model.namedParameters()].sort(byName)) {
    const weight = torch
      .randint(-500, 500, [...shape])
      .to("float32")
      .div(1800);
    const isCentred =
      /norm|ln_/i.test(name) && name.endsWith("weight") && !config.model_type.startsWith("gemma");
    weights.set(name, (isCentred ? weight.add(1) : weight).to(dtype));
  }
  model.loadStateDict(weights, { strict: false });
  return model;
}

/** Texts padded on one side to the longest, and the mask. */
function padded(rows: number[][], side: "left" | "right"): { input_ids: Tensor; attention_mask: Tensor } {
  const longest = Math.max(...rows.map((row) => row.length));
  const fill = (row: number[]): number[] => {
    const padding = Array<number>(longest - row.length).fill(0);
    return side === "left" ? [...padding, ...row] : [...row, ...padding];
  };
  const attention_mask = torch.tensor(rows.map((row) => fill(row.map(() => 1))));
  return { input_ids: torch.tensor(rows.map(fill)), attention_mask };
}

describe.each(cases)("$name", (given) => {
  const { name, rows } = given;

  test.each(TOLERANCES)("in %s each text has the logits that transformers gives it", (dtype, tolerance) => {
    const model = build(given, dtype);
    const last = rows.map((row) => model.call({ input_ids: torch.tensor([row]) }).logits.at("0, -1"));
    const logits = torch.stack(last);
    expect(logits.dtype).toBe(dtype);
    const wanted = expected.read(`${name}/${dtype}`).to("float32");
    expect(relativeDifference(logits.to("float32"), wanted)).toBeLessThanOrEqual(tolerance);
  });

  test("together with others, padded on the left or on the right, it has the same", () => {
    const model = build(given, "float32");
    const wanted = expected.read(`${name}/float32`);
    expect(
      relativeDifference(model.call(padded(rows, "left")).logits.at(":, -1"), wanted),
    ).toBeLessThanOrEqual(1e-5);
    const { logits } = model.call(padded(rows, "right"));
    const last = torch.stack(rows.map((row, i) => logits.at([i, row.length - 1])));
    expect(relativeDifference(last, wanted)).toBeLessThanOrEqual(1e-5);
  });
});

test("every architecture is there, with what its configuration can say", () => {
  const kinds = new Set(cases.map(({ config }) => config.model_type));
  expect(kinds.size).toBe(12);
  const text = JSON.stringify(cases);
  for (const field of [
    ...["linear", "dynamic", "yarn", "llama3", "longrope"].map((type) => `"${type}"`),
    ...[
      "rope_scaling",
      "rope_parameters",
      "rope_theta",
      "rotary_pct",
      "partial_rotary_factor",
      "sliding_window",
    ],
    ...[
      "layer_types",
      "attention_bias",
      "use_parallel_residual",
      "tie_word_embeddings",
      "attn_logit_softcapping",
    ],
    ...["query_pre_attn_scalar", "scale_attn_by_inverse_layer_idx", "word_embed_proj_dim", "type_vocab_size"],
  ]) {
    expect(text, field).toContain(field);
  }
});
