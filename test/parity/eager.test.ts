import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { CausalLM } from "../../native/lib/models";
import { AutoModelForCausalLM } from "../../native/lib/models";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues, INPUTS, inputsOf, MODELS, maxDifference } from "../support/parity";

describe.each(MODELS)("$name", ({ name }) => {
  const expected = expectedValues(name);
  let model: CausalLM;
  beforeAll(async () => {
    model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name));
  });

  test.each(INPUTS)("logits of the input %s", (input) => {
    const { logits } = model.call(inputsOf(expected, input));
    expect(maxDifference(logits, expected.read(`${input}/logits`))).toBeLessThanOrEqual(1e-5);
  });

  test.each(["left", "right"] as const)("padding on the %s changes nothing", (side) => {
    const { input_ids, attention_mask } = inputsOf(expected, side);
    const padded = model.call({ input_ids, attention_mask }).logits;
    const rows = attention_mask?.tolist() as number[][];
    rows.forEach((mask, row) => {
      const [start, end] = [mask.indexOf(1), mask.lastIndexOf(1) + 1];
      const alone = model.call({
        input_ids: input_ids.at([
          { start: row, stop: row + 1 },
          { start, stop: end },
        ]),
      });
      const same = padded.at([
        { start: row, stop: row + 1 },
        { start, stop: end },
      ]);
      expect(maxDifference(same, alone.logits)).toBeLessThanOrEqual(1e-5);
    });
  });

  test("parameters are frozen", () => {
    expect([...model.parameters()].some((parameter) => parameter.requires_grad)).toBe(false);
  });

  test.each(["float16", "bfloat16"] as const)("in %s the prediction stays near", async (dtype) => {
    const half = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name), { dtype });
    const { logits } = half.call(inputsOf(expected, "left"));
    expect(logits.dtype).toBe(dtype);
    const reference = expected.read("left/logits");
    const tolerance = Number(reference.abs().max().item()) * (dtype === "float16" ? 0.02 : 0.15);
    expect(maxDifference(logits.to("float32").at("0"), reference.at("0"))).toBeLessThan(tolerance);
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
