import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../errors";
import { AutoTokenizer, type Tokenizer } from "../tokenizers";
import { torch } from "../torch";
import { topTokens } from "./topTokens";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await AutoTokenizer.fromPretrained(join(__dirname, "../../../test/fixtures/gpt2-tiny"));
});

/** Scores in which the tokens 10, 11, 12 are likely at the given text and position. */
function logits(shape: number[], index: number[]) {
  const scores = torch.full(shape, -30.0);
  scores.setAt([...index, { start: 10, stop: 13 }], torch.tensor([2.0, 1.0, 0.0]));
  return scores;
}

test("the last position of the first text", () => {
  const top = topTokens(logits([2, 4, 300], [0, 3]), tokenizer, { k: 3 });
  expect(top.rows.map(({ id }) => id)).toEqual([10, 11, 12]);
  expect(top.rows.map(({ token }) => token)).toEqual([10, 11, 12].map((id) => tokenizer.tokenOf(id)));
  // softmax of 2, 1, 0
  expect(top.rows[0].probability).toBeCloseTo(0.66524, 4);
  expect(top.rows[2].probability).toBeCloseTo(0.09003, 4);
});

test("another position and text, and scores without those dimensions", () => {
  const one = topTokens(logits([2, 4, 300], [1, 1]), tokenizer, { k: 1, batch: 1, position: 1 });
  const two = topTokens(logits([4, 300], [1]), tokenizer, { k: 1, position: -3 });
  const three = topTokens(logits([300], []), tokenizer, { k: 1 });
  for (const { rows } of [one, two, three]) expect(rows[0].id).toBe(10);
});

test("prints as a table", () => {
  expect(String(topTokens(logits([300], []), tokenizer, { k: 2 }))).toBe('"*"   66.52 %\n"+"   24.47 %');
});

test("refuses what is out of range", () => {
  const scores = logits([1, 2, 300], [0, 1]);
  expect(() => topTokens(scores, tokenizer, { position: 2 })).toThrow(
    /position 2 is out of range: logits have 2/,
  );
  expect(() => topTokens(scores, tokenizer, { batch: -2 })).toThrow(ArgumentError);
  expect(() => topTokens(scores, tokenizer, { k: 301 })).toThrow(/k must be from 1 to 300/);
  expect(() => topTokens(torch.zeros([1, 1, 1, 1]), tokenizer)).toThrow(ShapeError);
});
