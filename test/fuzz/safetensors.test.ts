import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { CorruptFileError } from "../../native/lib/errors";
import { SafetensorsFile } from "../../native/lib/weights/safetensors";
import { ShardedSafetensors } from "../../native/lib/weights/shardedSafetensors";
import { FIXTURES, ScratchFolder } from "../support/files";
import { safetensorsBytes } from "../support/safetensorsBytes";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());

const REAL = readFileSync(join(FIXTURES, "llama-tiny", "model-00001-of-00003.safetensors"));
const HEADER_LENGTH = 8 + Number(REAL.readBigUInt64LE());

/** Reads every tensor: the outcome is either the file's content or a CorruptFileError. */
function readAll(bytes: Uint8Array): number {
  const file = new SafetensorsFile(scratch.write("file.safetensors", bytes));
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

const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });

describe("damaged safetensors", () => {
  test("the undamaged file is read", () => {
    expect(outcome(REAL)).toBe("read");
  });

  test("cut short anywhere", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: REAL.length - 1 }), (length) => {
        expect(outcome(REAL.subarray(0, length))).toBe("corrupt");
      }),
      { numRuns: 200 },
    );
  });

  test("bytes changed anywhere in the header", () => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: HEADER_LENGTH - 1 }),
      to: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(REAL);
        for (const { at, to } of changes) bytes[at] = to;
        outcome(bytes);
      }),
      { numRuns: 400 },
    );
  });

  test("any JSON as a header", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.nat(64), (json, data) => {
        outcome(safetensorsBytes(json, data));
      }),
      { numRuns: 400 },
    );
  });

  test("any header of tensors", () => {
    const tensor = fc.record({
      dtype: fc.constantFrom("F32", "U8", "BOOL", "I64", "F4", "__proto__"),
      shape: fc.array(fc.oneof(fc.nat(8), fc.maxSafeNat(), fc.double()), { maxLength: 4 }),
      data_offsets: fc.array(fc.oneof(fc.nat(64), fc.maxSafeNat(), fc.integer()), {
        minLength: 1,
        maxLength: 3,
      }),
    });
    const name = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "../../etc/passwd", ""));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor), { maxLength: 3 }), fc.nat(64), (entries, data) => {
        const text = entries
          .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
          .join(",");
        outcome(safetensorsBytes(`{${text}}`, data));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [
      "a header longer than the file",
      Uint8Array.from([255, 255, 255, 255, 255, 255, 0, 0]),
      /length of the header|header/,
    ],
    ["a header length beyond 2^53", new Uint8Array(8).fill(255), /no file can hold/],
    ["no JSON", safetensorsBytes("{oops"), /not JSON/],
    ["a list", safetensorsBytes("[]"), /JSON object/],
    ["an unknown dtype", safetensorsBytes({ a: entry("F4", [1], [0, 1]) }, 1), /tensor "a": dtype "F4"/],
    [
      "a shape that does not fit",
      safetensorsBytes({ a: entry("F32", [2], [0, 4]) }, 4),
      /takes 8 bytes, data_offsets give 4/,
    ],
    [
      "a shape beyond all numbers",
      safetensorsBytes({ a: entry("U8", [2 ** 40, 2 ** 40], [0, 0]) }),
      /tensor "a"/,
    ],
    ["a negative size", safetensorsBytes({ a: entry("U8", [-1], [0, 1]) }, 1), /shape must be/],
    [
      "data after the end",
      safetensorsBytes({ a: entry("U8", [9], [0, 9]) }, 8),
      /ends at byte 9 of the data, which has 8/,
    ],
    [
      "overlap",
      safetensorsBytes({ a: entry("U8", [2], [0, 2]), b: entry("U8", [2], [1, 3]) }, 3),
      /"b" overlaps/,
    ],
    ["a hole", safetensorsBytes({ a: entry("U8", [1], [0, 1]), b: entry("U8", [1], [2, 3]) }, 3), /hole/],
    [
      "bytes left over",
      safetensorsBytes({ a: entry("U8", [1], [0, 1]) }, 3),
      /2 bytes after the last tensor/,
    ],
    ["metadata that is not text", safetensorsBytes({ __metadata__: { a: 1 } }), /metadata "a"/],
    [
      "a name twice",
      safetensorsBytes(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        1,
      ),
      /key "a" twice/,
    ],
  ])("%s", (_what, bytes, message) => {
    expect(() => readAll(bytes)).toThrow(CorruptFileError);
    expect(() => readAll(bytes)).toThrow(message);
  });

  test("a tensor called __proto__ is a tensor", () => {
    const text = '{"__proto__":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}';
    const file = new SafetensorsFile(scratch.write("proto.safetensors", safetensorsBytes(text, 2)));
    expect(file.names()).toEqual(["__proto__"]);
    expect(file.read("__proto__").tolist()).toEqual([0, 0]);
  });
});

describe("damaged indexes", () => {
  const open = (index: unknown) =>
    new ShardedSafetensors(scratch.write("model.safetensors.index.json", JSON.stringify(index)));

  test.each([
    "../shard.safetensors",
    "/etc/passwd",
    "a/b.safetensors",
    "..",
    "",
    "a\\b",
    "a\0b",
    7,
    null,
    {},
  ])("a shard called %j is refused", (file) => {
    expect(() => open({ weight_map: { a: file } })).toThrow(CorruptFileError);
  });

  test("a shard without the tensor", () => {
    scratch.write("shard.safetensors", safetensorsBytes({ a: entry("U8", [1], [0, 1]) }, 1));
    expect(open({ weight_map: { a: "shard.safetensors" } }).names()).toEqual(["a"]);
    expect(() => open({ weight_map: { b: "shard.safetensors" } })).toThrow(/tensor "b" is not in .*shard/);
  });

  test("any JSON as an index", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const path = scratch.write("model.safetensors.index.json", json);
        try {
          new ShardedSafetensors(path);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptFileError);
        }
      }),
    );
  });
});
