import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, MissingFileError } from "../errors";
import { annotationOf } from "../tensor/annotation";
import { torch } from "../torch";
import { AutoTokenizer, type Tokenizer } from ".";

const FIXTURES = join(__dirname, "../../../test/fixtures");

interface Encoding {
  text: string;
  ids: number[];
  ids_without_special: number[];
  decoded: string;
  decoded_without_special: string;
}

const encodings = (name: string): Encoding[] =>
  JSON.parse(readFileSync(join(FIXTURES, "expected", `${name}.tokens.json`), "utf8"));

describe.each([
  ["gpt2-tiny", join(FIXTURES, "gpt2-tiny")],
  ["gpt2-tiny", join(FIXTURES, "gguf", "gpt2-tiny.gguf")],
  ["llama-tiny", join(FIXTURES, "llama-tiny")],
  ["smollm2", "smollm2-135m-instruct"],
  ...[
    "bert",
    "bert-characters",
    "gpt-neox",
    "qwen",
    "llama3",
    "tekken",
    "gpt-4o",
    "gemma",
    "mistral",
    "phi3",
  ].map((family) => [join("tokenizers", family), join(FIXTURES, "tokenizers", family)]),
  ...["llama3", "qwen", "gpt-neox", "tekken", "gpt-4o"].map((family) => [
    join("tokenizers", family),
    join(FIXTURES, "gguf", `${family}-tokenizer.gguf`),
  ]),
  ...["mistral", "gemma", "phi3"].map((family) => [
    join("tokenizers", `gguf-${family}`),
    join(FIXTURES, "gguf", `${family}-tokenizer.gguf`),
  ]),
])("the tokenizer of %s (%s) does what transformers does", (name, path) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await AutoTokenizer.fromPretrained(path);
  });

  test.each(encodings(name))("$text", (expected) => {
    expect(tokenizer.encode(expected.text)).toEqual(expected.ids);
    expect(tokenizer.encode(expected.text, { addSpecialTokens: false })).toEqual(
      expected.ids_without_special,
    );
    expect(tokenizer.decode(expected.ids)).toBe(expected.decoded);
    expect(tokenizer.decode(expected.ids, { skipSpecialTokens: true })).toBe(
      expected.decoded_without_special,
    );
  });
});

const bytes: Record<string, { ids: number[]; decoded: string }[]> = JSON.parse(
  readFileSync(join(FIXTURES, "expected/tokenizers/bytes.json"), "utf8"),
);
test.each(Object.keys(bytes))(
  "pieces of single bytes are decoded as transformers does it: %s",
  async (family) => {
    const tokenizer = await AutoTokenizer.fromPretrained(join(FIXTURES, "tokenizers", family));
    for (const { ids, decoded } of bytes[family]) expect(tokenizer.decode(ids)).toBe(decoded);
  },
);

describe("a byte-level tokenizer", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await AutoTokenizer.fromPretrained("smollm2-135m-instruct");
  });

  test("is called as in transformers", () => {
    const encoding = tokenizer("The Eiffel Tower");
    expect(Object.keys(encoding)).toEqual(["input_ids", "attention_mask"]);
    expect(encoding.input_ids.tolist()).toEqual([tokenizer.encode("The Eiffel Tower")]);
    expect(encoding.input_ids.dtype).toBe("int64");
    expect(encoding.attention_mask.tolist()).toEqual([[1, 1, 1, 1]]);
    expect(encoding.tokens()).toEqual(["The", " E", "iffel", " Tower"]);
    expect(annotationOf(encoding.input_ids)?.tokens).toEqual(encoding.tokens());
  });

  test("pads on the side that is asked for", () => {
    const texts = ["The Eiffel Tower", "The"];
    const pad = tokenizer.padTokenId;
    const [long, short] = texts.map((text) => tokenizer.encode(text));
    const right = tokenizer(texts);
    expect(right.input_ids.tolist()).toEqual([long, [...short, pad, pad, pad]]);
    expect(right.attention_mask.tolist()).toEqual([
      [1, 1, 1, 1],
      [1, 0, 0, 0],
    ]);
    const left = tokenizer(texts, { padding: "left" });
    expect(left.input_ids.tolist()).toEqual([long, [pad, pad, pad, ...short]]);
    expect(left.tokens(1)).toEqual(["<|im_end|>", "<|im_end|>", "<|im_end|>", "The"]);
    expect(() => left.tokens(2)).toThrow(ArgumentError);
    expect(() => tokenizer(texts, { padding: false })).toThrow(/4, 1 tokens and padding is turned off/);
  });

  test("shows readable pieces and finds them again", () => {
    const id = tokenizer.idOf(" Paris");
    expect(tokenizer.tokenOf(id)).toBe(" Paris");
    expect(tokenizer.idOf("ĠParis")).toBe(id);
    expect(tokenizer.idOf("<|im_start|>")).toBe(tokenizer.bosTokenId);
    expect(tokenizer("😀").tokens().join("")).toMatch(/^(<0x[0-9A-F]{2}>|😀)+$/);
    expect(() => tokenizer.idOf(" Eiffel")).toThrow(
      /" Eiffel" is not one token; it is split into " E", "iffel"/,
    );
  });

  test("decodes a tensor", () => {
    expect(tokenizer.decode(torch.tensor(tokenizer.encode("Paris, 1889")))).toBe("Paris, 1889");
  });

  test("refuses what it cannot do", () => {
    expect(() => tokenizer([])).toThrow(ArgumentError);
    expect(() => tokenizer("")).toThrow(/has no tokens/);
    expect(() => tokenizer(7 as unknown as string)).toThrow(ArgumentError);
    expect(() => tokenizer.decode([1e6])).toThrow(/no token has the id 1000000/);
    expect(() => tokenizer.tokenOf(-1)).toThrow(ArgumentError);
  });

  test("prints what it is", () => {
    expect(String(tokenizer)).toMatch(
      /^Tokenizer\(.*: 49152 tokens, end <\|im_end\|>, padding <\|im_end\|> on the right\)$/,
    );
  });
});

test("a tokenizer of pieces with a space mark", async () => {
  const tokenizer = await AutoTokenizer.fromPretrained(join(FIXTURES, "llama-tiny"));
  const encoding = tokenizer(["the tower of activations", "in"]);
  expect(encoding.tokens(0)[0]).toBe("<s>");
  expect(encoding.tokens(0).slice(1).join("")).toBe(" the tower of activations");
  // Its configuration says to pad on the left, and has no padding token.
  expect((encoding.attention_mask.tolist() as number[][])[1][0]).toBe(0);
});

test("a directory without a tokenizer", async () => {
  await expect(AutoTokenizer.fromPretrained(join(FIXTURES, "llama-tiny-untied"))).rejects.toThrow(
    MissingFileError,
  );
});

test("a GGUF file without a tokenizer", async () => {
  await expect(AutoTokenizer.fromPretrained(join(FIXTURES, "gguf", "llama-tiny.gguf"))).rejects.toThrow(
    /no tokenizer in it/,
  );
});
