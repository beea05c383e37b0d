import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TorchError } from "../../errors";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import { SafetensorsFile } from "../safetensors";
import { dequantise } from "./dequantise";
import { GgufFile } from "./ggufFile";
import { GGML_TYPES } from "./types";

const FIXTURES = join(__dirname, "../../../../test/fixtures");
const file = new GgufFile(join(FIXTURES, "gguf", "quants.gguf"));
const expected = new SafetensorsFile(join(FIXTURES, "expected", "gguf-quants.safetensors"));
const quantised = [...GGML_TYPES.values()].filter(({ dtype }) => dtype === null);

/** Equal to the bit, whatever a NaN's bits are. */
function same(one: Tensor, other: Tensor): boolean {
  const [numbers, others] = [one, other].map((t) => t.masked_fill(t.isnan(), 0));
  return torch.equal(numbers, others) && torch.equal(one.isnan(), other.isnan());
}

test.each([...GGML_TYPES.values()])("$name gives what gguf-py gives, bit for bit", ({ name }) => {
  expect(torch.equal(file.read(name).to("float32"), expected.read(name))).toBe(true);
});

describe.each(quantised)("$name", ({ name, blockSize, blockBytes }) => {
  const stored = file.readBlocks(name);

  test.each(["float16", "bfloat16"] as const)("in %s is rounded once", (dtype) => {
    if (!stored) throw new Error("not quantised");
    expect(torch.equal(dequantise(stored.blocks, name, dtype), expected.read(name).to(dtype))).toBe(true);
  });

  test.each(["float32", "float16", "bfloat16"] as const)(
    "in %s, scales of zero, infinity, NaN, the largest and smallest, and blocks of all bits or none",
    (dtype) => {
      const special = expected.read(`${name}.special`);
      // The scales of NVFP4 have no infinity, and its NaN is zero.
      expect(special.isfinite().all().item()).toBe(name === "NVFP4");
      const blocks = file.readBlocks(`${name}.special`)?.blocks;
      if (!blocks) throw new Error("not quantised");
      expect(same(dequantise(blocks, name, dtype), special.to(dtype))).toBe(true);
    },
  );

  test("any rows of it are the rows of the whole", () => {
    if (!stored) throw new Error("not quantised");
    const index = torch.tensor([
      [2, 0],
      [1, 2],
    ]);
    const rows = dequantise(torch.embedding(stored.blocks, index), name, "float32");
    expect(torch.equal(rows, torch.embedding(expected.read(name), index))).toBe(true);
  });

  test("its shape is known without values", () => {
    const blocks = torch.empty([2, 3, 5 * blockBytes], { dtype: "uint8", device: "meta" });
    const { shape, dtype } = dequantise(blocks, name, "float16");
    expect([shape, dtype]).toEqual([[2, 3, 5 * blockSize], "float16"]);
  });

  test("many blocks, shared out among threads", () => {
    if (!stored) throw new Error("not quantised");
    const many = dequantise(stored.blocks.repeat([700, 1]), name, "float32");
    expect(torch.equal(many, expected.read(name).repeat([700, 1]))).toBe(true);
  });
});

test.each([
  ["IQ1_S", 2048, [-7, 9]],
  ["IQ2_XXS", 256, [8, 43]],
  ["IQ2_XS", 512, [8, 43]],
  ["IQ2_S", 1024, [8, 43]],
  ["IQ3_XXS", 256, [4, 62]],
  ["IQ3_S", 512, [1, 15]],
] as const)("every entry of the table of %s", (name, entries, range) => {
  const grid = expected.read(`${name}.grid`);
  expect(grid.numel() % entries).toBe(0);
  expect([grid.min().item(), grid.max().item()]).toEqual(range);
  expect(torch.equal(file.read(`${name}.grid`), grid.to("float32"))).toBe(true);
});

test.each<[string, () => unknown, RegExp]>([
  [
    "an unknown type",
    () => dequantise(torch.zeros([4], { dtype: "uint8" }), "Q9_9", "float32"),
    /no GGUF block type "Q9_9"/,
  ],
  [
    "half a block",
    () => dequantise(torch.zeros([1, 33], { dtype: "uint8" }), "Q8_0", "float32"),
    /rows of 33 bytes/,
  ],
  ["other numbers", () => dequantise(torch.zeros([1, 34]), "Q8_0", "float32"), /must be uint8/],
  [
    "no dimension",
    () => dequantise(torch.zeros([], { dtype: "uint8" }), "Q8_0", "float32"),
    /at least one dimension/,
  ],
  [
    "a dtype of integers",
    () => dequantise(torch.zeros([34], { dtype: "uint8" }), "Q8_0", "int32"),
    /dtype must be/,
  ],
])("%s is an error", (_, call, message) => {
  expect(call).toThrow(TorchError);
  expect(call).toThrow(message);
});
