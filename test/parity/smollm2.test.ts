import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { topTokens } from "../../native/lib/analysis/topTokens";
import { PatchableGraph } from "../../native/lib/graph";
import type { LoadProgress } from "../../native/lib/models";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { AutoTokenizer, type Tokenizer } from "../../native/lib/tokenizers";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";

interface Expected {
  prompt: string;
  input_ids: number[];
  top: { id: number; token: string; probability: number }[];
  logits: Record<string, number>;
}

const expected: Expected[] = JSON.parse(readFileSync(join(FIXTURES, "expected", "smollm2.json"), "utf8"));
const progress: LoadProgress[] = [];
let model: CausalLM;
let tokenizer: Tokenizer;
let pg: PatchableGraph<CausalLM>;

beforeAll(async () => {
  tokenizer = await AutoTokenizer.fromPretrained("smollm2-135m-instruct");
  model = await AutoModelForCausalLM.fromPretrained("smollm2-135m-instruct", {
    onProgress: (step) => progress.push(step),
  });
  pg = await PatchableGraph.capture(model, tokenizer("Hello there"));
});

test.each(expected)(
  "the five most probable tokens after: $prompt",
  async ({ prompt, input_ids, top, logits: some }) => {
    const inputs = tokenizer(prompt);
    expect(inputs.input_ids.tolist()).toEqual([input_ids]);
    const { logits } = await pg.run(inputs);
    expect(torch.equal(logits, model.call(inputs).logits)).toBe(true);
    const { rows } = topTokens(logits, tokenizer);
    expect(rows.map(({ id, token }) => ({ id, token }))).toEqual(top.map(({ id, token }) => ({ id, token })));
    rows.forEach(({ probability }, i) => {
      expect(Math.abs(probability - top[i].probability)).toBeLessThanOrEqual(1e-5);
    });
    for (const [id, value] of Object.entries(some)) {
      expect(Math.abs(Number(logits.at([0, -1, Number(id)]).item()) - value)).toBeLessThanOrEqual(1e-3);
    }
  },
);

test("the Eiffel Tower is in Paris", async () => {
  const { logits } = await pg.run(tokenizer("The Eiffel Tower is located in the city of"));
  const [first] = topTokens(logits, tokenizer).rows;
  expect(first.token).toBe(" Paris");
  expect(Math.abs(first.probability - 0.7015)).toBeLessThanOrEqual(0.0005);
});

test("a batch padded on either side gives each text its own prediction", async () => {
  const prompts = expected.map(({ prompt }) => prompt);
  for (const padding of ["left", "right"] as const) {
    const inputs = tokenizer(prompts, { padding });
    const { logits } = await pg.run(inputs);
    expected.forEach(({ input_ids, top }, batch) => {
      const position = padding === "left" ? -1 : input_ids.length - 1;
      const { rows } = topTokens(logits, tokenizer, { batch, position, k: 1 });
      expect(rows[0].id).toBe(top[0].id);
      expect(Math.abs(rows[0].probability - top[0].probability)).toBeLessThanOrEqual(1e-4);
    });
  }
});

test("loading tells how far it has come", () => {
  expect(progress.length).toBeGreaterThan(1);
  expect(progress.at(-1)).toEqual({ stage: "weights", done: 272, total: 272 });
  expect(progress.every(({ done }, i) => i === 0 || done >= progress[i - 1].done)).toBe(true);
});
