import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { CausalLM, EncoderInputs, MaskedLM } from "../../native/lib/models";
import { AutoModelForCausalLM } from "../../native/lib/models";
import type * as nn from "../../native/lib/nn";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues, INPUTS, inputsOf, MODELS, maxDifference } from "../support/parity";

describe.each(MODELS)("$name", ({ name, load }) => {
  const expected = expectedValues(name);
  let model: CausalLM | MaskedLM;
  beforeAll(async () => {
    model = await load(join(FIXTURES, name));
  });

  test.each(INPUTS)("logits of the input %s", (input) => {
    const { logits } = model.call(inputsOf(expected, input));
    expect(maxDifference(logits, expected.read(`${input}/logits`))).toBeLessThanOrEqual(1e-5);
  });

  test.each(["left", "right"] as const)("padding on the %s changes nothing", (side) => {
    const inputs = inputsOf(expected, side);
    const padded = model.call(inputs).logits;
    const rows = inputs.attention_mask?.tolist() as number[][];
    rows.forEach((mask, row) => {
      const part = [
        { start: row, stop: row + 1 },
        { start: mask.indexOf(1), stop: mask.lastIndexOf(1) + 1 },
      ];
      const alone = model.call({
        input_ids: inputs.input_ids.at(part),
        token_type_ids: inputs.token_type_ids?.at(part) ?? undefined,
      } as EncoderInputs);
      expect(maxDifference(padded.at(part), alone.logits)).toBeLessThanOrEqual(1e-5);
    });
  });

  test("texts of very different lengths do not change each other", () => {
    const rows = [1, 4, 10].map((length) => Array.from({ length }, (_, i) => 3 + ((7 * i + length) % 30)));
    const padded = rows.map((row) => [...Array(10 - row.length).fill(0), ...row]);
    const attention_mask = torch.tensor(
      rows.map((row) => padded[2].map((_, i) => (i < 10 - row.length ? 0 : 1))),
    );
    const { logits } = model.call({ input_ids: torch.tensor(padded), attention_mask });
    rows.forEach((row, i) => {
      const alone = model.call({ input_ids: torch.tensor([row]) }).logits;
      const part = logits.at([i, { start: 10 - row.length }]);
      expect(maxDifference(part, alone.at("0"))).toBeLessThanOrEqual(1e-5);
    });
  });

  test("parameters are frozen", () => {
    expect([...model.parameters()].some((parameter) => parameter.requires_grad)).toBe(false);
  });

  // OPT takes no positions: it counts them from the mask itself.
  const testPositions = name.startsWith("opt") ? null : test;
  testPositions?.("given positions that count padding, as transformers does", () => {
    const inputs = inputsOf(expected, "left");
    const position_ids = torch.arange(inputs.input_ids.size(1)).unsqueeze(0);
    const { logits } = model.call({ ...inputs, position_ids });
    expect(maxDifference(logits, expected.read("left/own_positions"))).toBeLessThanOrEqual(1e-5);
  });

  // Bit-equal where libtorch and the CPU are those of the fixtures; the tolerance is some steps of the dtype.
  test.each([
    ["float16", 0.002],
    ["bfloat16", 0.015],
  ] as const)("in %s it is what transformers computes in it", async (dtype, tolerance) => {
    const half = await load(join(FIXTURES, name), { dtype });
    const inputs = inputsOf(expected, "left");
    const { logits } = half.call(inputs);
    expect(logits.dtype).toBe(dtype);
    const reference = expected.read(`half/${dtype}/logits`).to("float32");
    const largest = Number(reference.abs().max().item());
    expect(maxDifference(logits.to("float32"), reference)).toBeLessThanOrEqual(tolerance * largest);
    const [embedding] = [...half.namedModules()].flatMap(([path, module]) =>
      /wte|embed_tokens|embed_in|word_emb/.test(path) ? module : [],
    );
    const embedded = (embedding as nn.Embedding).call(inputs.input_ids);
    expect(torch.equal(embedded, expected.read(`half/${dtype}/embed`))).toBe(true);
  });
});

test.each(["gpt2-tiny", "llama-tiny"])("%s as a GGUF file", async (name) => {
  const expected = expectedValues(`${name}.gguf`);
  const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gguf", `${name}.gguf`));
  const { logits } = model.call({ input_ids: expected.read("input_ids") });
  expect(maxDifference(logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
});

test("gradients of all parameters once they are asked for", async () => {
  const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gpt2-tiny"));
  model.requires_grad_();
  const { logits } = model.call({ input_ids: torch.tensor([[5, 6, 7]]) });
  await logits.sum().backward();
  expect([...model.parameters()].every((parameter) => parameter.grad !== null)).toBe(true);
});
