import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { CorruptFileError } from "../../native/lib/errors";
import { AutoTokenizer } from "../../native/lib/tokenizers";
import { FIXTURES, ScratchFolder } from "../support/files";
import { GgufBytes } from "../support/ggufBytes";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());

const STRING = 8;
const ARRAY = 9;
const real = JSON.parse(readFileSync(join(FIXTURES, "gpt2-tiny", "tokenizer.json"), "utf8"));

/** Loads a `tokenizer.json`: it either works or is a CorruptFileError. */
async function load(definition: string): Promise<void> {
  scratch.write("tokenizer.json", definition);
  scratch.write("config.json", "{}");
  try {
    await AutoTokenizer.fromPretrained(scratch.path);
  } catch (error) {
    expect(error).toBeInstanceOf(CorruptFileError);
  }
}

describe("damaged tokenizers", () => {
  test("any JSON", async () => {
    await fc.assert(fc.asyncProperty(fc.json({ maxDepth: 4 }), load), { numRuns: 200 });
  });

  test("any JSON in the place of one part", async () => {
    const part = fc.constantFrom(...Object.keys(real));
    await fc.assert(
      fc.asyncProperty(part, fc.json({ maxDepth: 3 }), (key, value) =>
        load(JSON.stringify({ ...real, [key]: JSON.parse(value) })),
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    [
      "a huge id",
      { ...real, model: { ...real.model, vocab: { a: 4e9 } } },
      /token "a" has the id 4000000000/,
    ],
    [
      "an id that is text",
      { ...real, model: { ...real.model, vocab: { a: "__proto__" } } },
      /token "a" has the id/,
    ],
    ["an added token without text", { ...real, added_tokens: [{ id: 0 }] }, /lacks its "content"/],
    ["no model", { ...real, model: null }, /"model" must be an object/],
  ])("%s", async (_what, definition, message) => {
    scratch.write("tokenizer.json", JSON.stringify(definition));
    scratch.write("config.json", "{}");
    await expect(AutoTokenizer.fromPretrained(scratch.path)).rejects.toThrow(message);
  });

  test.each([
    [
      "of another kind",
      new GgufBytes().start(0, 1).text("tokenizer.ggml.model").u32(STRING).text("t5"),
      /kind "t5"; known are byte-level BPE/,
    ],
    [
      "of pieces without scores",
      new GgufBytes()
        .start(0, 2)
        .text("tokenizer.ggml.model")
        .u32(STRING)
        .text("llama")
        .text("tokenizer.ggml.tokens")
        .u32(ARRAY)
        .u32(STRING)
        .u64(1)
        .text("a"),
      /ggml\.scores" must have a number for every token/,
    ],
    [
      "of word pieces without those that stand around a text",
      new GgufBytes()
        .start(0, 2)
        .text("tokenizer.ggml.model")
        .u32(STRING)
        .text("bert")
        .text("tokenizer.ggml.tokens")
        .u32(ARRAY)
        .u32(STRING)
        .u64(1)
        .text("a"),
      /the vocabulary has no token 101, which would be the cls token/,
    ],
    [
      "without tokens",
      new GgufBytes().start(0, 1).text("tokenizer.ggml.model").u32(STRING).text("gpt2"),
      /ggml\.tokens" must be/,
    ],
  ])("a GGUF tokenizer %s", async (_what, bytes, message) => {
    const path = scratch.write("tokenizer.gguf", bytes.bytes());
    await expect(AutoTokenizer.fromPretrained(path)).rejects.toThrow(CorruptFileError);
    await expect(AutoTokenizer.fromPretrained(path)).rejects.toThrow(message);
  });
});
