import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { CorruptFileError } from "../../native/lib/errors";
import { GgufFile } from "../../native/lib/weights/gguf/ggufFile";
import { FIXTURES, ScratchFolder } from "../support/files";
import { GgufBytes } from "../support/ggufBytes";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());

const REAL = readFileSync(join(FIXTURES, "gguf", "quants.gguf"));
const MODEL = readFileSync(join(FIXTURES, "gguf", "gpt2-tiny.gguf"));
const MODEL_HEADER = 8192;
/** Zeros that may follow the last tensor. */
const PADDING = 32;
const STRING = 8;
const ARRAY = 9;
const UINT8 = 0;

function readAll(bytes: Uint8Array): number {
  const file = new GgufFile(scratch.write("file.gguf", bytes));
  return file.names().reduce((sum, name) => sum + file.read(name).numel(), 0);
}

function outcome(bytes: Uint8Array): "read" | "corrupt" {
  try {
    readAll(bytes);
    return "read";
  } catch (error) {
    if (error instanceof CorruptFileError) return "corrupt";
    throw error;
  }
}

describe("damaged GGUF", () => {
  test("the undamaged files are read", () => {
    expect(outcome(REAL)).toBe("read");
    expect(outcome(MODEL)).toBe("read");
  });

  test.each([
    ["quants", REAL],
    ["a model with a tokenizer", MODEL],
  ])("%s cut short anywhere", (_what, real) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: real.length - 1 - PADDING }), (length) => {
        expect(outcome(real.subarray(0, length))).toBe("corrupt");
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ["quants", REAL, REAL.length],
    ["a model with a tokenizer", MODEL, MODEL_HEADER],
  ])("%s with bytes changed anywhere", (_what, real, end) => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: end - 1 }),
      to: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(real);
        for (const { at, to } of changes) bytes[at] = to;
        outcome(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test("any bytes after the magic number", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        outcome(new GgufBytes().raw("GGUF").u32(3).raw(bytes).bytes());
      }),
      { numRuns: 400 },
    );
  });

  const huge = 2n ** 60n;
  test.each([
    ["an empty file", new Uint8Array(0), /magic number/],
    ["another magic number", new GgufBytes().raw("GGML").bytes(64), /does not start with "GGUF"/],
    ["an unknown version", new GgufBytes().raw("GGUF").u32(1).bytes(64), /version 1; known are 2, 3/],
    [
      "big-endian",
      new GgufBytes()
        .raw("GGUF")
        .u32(3 << 24)
        .bytes(64),
      /big-endian/,
    ],
    ["too many tensors", new GgufBytes().start(2 ** 40, 0).bytes(64), /list of tensors needs/],
    ["more tensors than any file", new GgufBytes().start(huge, 0).bytes(64), /no file can hold/],
    ["too much metadata", new GgufBytes().start(0, 2 ** 40).bytes(64), /metadata needs/],
    [
      "a key longer than the file",
      new GgufBytes()
        .start(0, 1)
        .u64(2 ** 40)
        .bytes(64),
      /metadata key 0 needs/,
    ],
    [
      "a key that is not text",
      new GgufBytes()
        .start(0, 1)
        .u64(2)
        .raw(Uint8Array.from([0xc3, 0x28]))
        .bytes(64),
      /UTF-8/,
    ],
    ["a value type", new GgufBytes().start(0, 1).text("a").u32(77).bytes(64), /unknown value type 77/],
    [
      "an array's type",
      new GgufBytes().start(0, 1).text("a").u32(ARRAY).u32(77).u64(1).bytes(64),
      /value type 77/,
    ],
    [
      "a huge array",
      new GgufBytes()
        .start(0, 1)
        .text("a")
        .u32(ARRAY)
        .u32(UINT8)
        .u64(2 ** 45)
        .bytes(64),
      /"a" needs/,
    ],
    [
      "a huge list",
      new GgufBytes()
        .start(0, 1)
        .text("a")
        .u32(ARRAY)
        .u32(STRING)
        .u64(2 ** 45)
        .bytes(64),
      /"a" needs/,
    ],
    [
      "a key twice",
      new GgufBytes().start(0, 2).text("a").u32(UINT8).raw("1").text("a").u32(UINT8).raw("1").bytes(64),
      /twice/,
    ],
    [
      "five dimensions",
      new GgufBytes().start(1, 0).tensor("t", [1, 1, 1, 1, 1], 0, 0).bytes(64),
      /5 dimensions/,
    ],
    [
      "a tensor type",
      new GgufBytes().start(1, 0).tensor("t", [1], 99, 0).bytes(64),
      /ggml type 99; known are F32/,
    ],
    [
      "rows of no blocks",
      new GgufBytes().start(1, 0).tensor("t", [31], 2, 0).bytes(64),
      /rows of 31 .* Q4_0 blocks of 32/,
    ],
    [
      "a tensor beyond the end",
      new GgufBytes().start(1, 0).tensor("t", [99], 0, 0).bytes(64),
      /after the end of the file/,
    ],
    [
      "a size beyond all numbers",
      new GgufBytes()
        .start(1, 0)
        .tensor("t", [2 ** 52, 2 ** 52], 0, 0)
        .bytes(64),
      /after the end/,
    ],
    [
      "an offset beyond the end",
      new GgufBytes()
        .start(1, 0)
        .tensor("t", [1], 0, 2 ** 50)
        .bytes(64),
      /after the end/,
    ],
    [
      "a crooked offset",
      new GgufBytes().start(1, 0).tensor("t", [1], 0, 4).bytes(64),
      /not a multiple of 32/,
    ],
    [
      "a tensor twice",
      new GgufBytes().start(2, 0).tensor("t", [1], 0, 0).tensor("t", [1], 0, 32).bytes(64),
      /"t" is there twice/,
    ],
    [
      "overlap",
      new GgufBytes().start(2, 0).tensor("t", [16], 0, 0).tensor("u", [1], 0, 32).bytes(64),
      /"u" overlaps/,
    ],
    [
      "no alignment",
      new GgufBytes().start(0, 1).text("general.alignment").u32(4).u32(0).bytes(64),
      /power of two/,
    ],
  ])("%s", (_what, bytes, message) => {
    expect(() => readAll(bytes)).toThrow(CorruptFileError);
    expect(() => readAll(bytes)).toThrow(message);
  });

  test("arrays nested without end", () => {
    const bytes = new GgufBytes().start(0, 1).text("a").u32(ARRAY);
    for (let depth = 0; depth < 10; depth++) bytes.u32(ARRAY).u64(1);
    expect(() => readAll(bytes.bytes(512))).toThrow(/nests arrays/);
  });

  test("names of objects' own properties are plain names", () => {
    const bytes = new GgufBytes()
      .start(1, 1)
      .text("__proto__")
      .u32(UINT8)
      .raw("1")
      .tensor("__proto__", [2], 0, 0);
    const file = new GgufFile(scratch.write("proto.gguf", bytes.bytes(64)));
    expect(file.metadata.get("__proto__")).toBe(0x31);
    expect(file.read("__proto__").tolist()).toEqual([0, 0]);
  });
});
