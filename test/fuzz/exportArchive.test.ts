import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CorruptFileError,
  GraphpatchError,
  PatchableGraph,
  PickledDataError,
  torch,
  UnknownOperatorError,
  UnsafeFileError,
  UnsupportedExportError,
} from "../../native/lib";
import { ExpressionError, parseExpression } from "../../native/lib/graph/expressions/parse";
import { readPickledTensors } from "../../native/lib/import/archive/pickledTensors";
import { ZipArchive } from "../../native/lib/import/archive/zipArchive";
import {
  archiveBytes,
  archiveEntries,
  type Program,
  programJson,
  tensorMeta,
} from "../support/exportArchive";
import { FIXTURES, ScratchFolder } from "../support/files";
import { type ZipEntry, zipBytes } from "../support/zipBytes";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
beforeAll(() => {
  torch.setNumThreads(1);
});

const REAL = readFileSync(join(FIXTURES, "exports", "twice.pt2"));

const path = join(scratch.path, "model.pt2");
function load(bytes: Uint8Array): Promise<PatchableGraph> {
  writeFileSync(path, bytes);
  return PatchableGraph.load(path);
}

/** Every file either loads, or is refused with one of the package's own errors. */
async function outcome(bytes: Uint8Array): Promise<"read" | "refused"> {
  try {
    await load(bytes);
    return "read";
  } catch (error) {
    if (error instanceof GraphpatchError) return "refused";
    throw error;
  }
}

const x = torch.zeros([2, 3]);
const program = (changes: Partial<Program> = {}) =>
  programJson({
    nodes: [{ target: "torch.ops.aten.neg.default", inputs: { self: "x" }, outputs: ["y"] }],
    outputs: ["y"],
    metas: { x: tensorMeta(x), y: tensorMeta(x) },
    ...changes,
  });

describe("damaged archives", () => {
  test("the undamaged one is read", async () => {
    expect(await outcome(REAL)).toBe("read");
    expect(await outcome(archiveBytes(program()))).toBe("read");
  });

  test("cut short anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: REAL.length - 1 }), async (length) => {
        expect(await outcome(REAL.subarray(0, length))).toBe("refused");
      }),
      { numRuns: 100 },
    );
  });

  test("bytes changed in the directory and the headers", async () => {
    const directory = REAL.length - 3000;
    const change = fc.record({ at: fc.integer({ min: directory, max: REAL.length - 1 }), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = Buffer.from(REAL);
        for (const { at, to } of changes) bytes[at] = to;
        await outcome(bytes);
      }),
      { numRuns: 200 },
    );
  });

  test("values changed anywhere in the graph", async () => {
    const text = JSON.stringify(program());
    const places = [...text.matchAll(/"[^"]*"|\d+|true|false|null/g)].map(({ index, 0: token }) => ({
      index,
      token,
    }));
    const value = fc.oneof(
      fc.constantFrom(
        "null",
        "true",
        "[]",
        "{}",
        '""',
        "-1",
        "9223372036854775807",
        "1e400",
        "[[[[1]]]]",
        '"x"',
        '"__proto__"',
      ),
      fc.integer().map(String),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(places.length - 1), value, async (at, replacement) => {
        const { index, token } = places[at];
        await outcome(archiveBytes(text.slice(0, index) + replacement + text.slice(index + token.length)));
      }),
      { numRuns: 300 },
    );
  });
});

describe("hostile zips", () => {
  const zip = (entries: ZipEntry[]) => load(zipBytes([...entries, ...archiveEntries(program())]));
  const data = Buffer.from("text");

  test.each([
    ["a path upwards", { name: "model/../../x", data }],
    ["an absolute path", { name: "/etc/x", data }],
    ["a drive", { name: "c:x", data }],
    ["backslashes", { name: "model\\x", data }],
    ["an empty name", { name: "", data }],
  ])("%s is refused", async (_, entry) => {
    await expect(zip([entry])).rejects.toThrow(/has no proper name/);
  });

  test.each([
    [
      "twice the same name",
      [
        { name: "a", data },
        { name: "a", data },
      ],
      /is there twice/,
    ],
    ["an encrypted entry", [{ name: "a", data, flags: 1 }], /is encrypted/],
    ["an unknown compression", [{ name: "a", data, method: 12 }], /unknown method 12/],
    ["a stored entry of two sizes", [{ name: "a", data, size: 9 }], /has two sizes/],
    [
      "entries that overlap",
      [
        { name: "a", data },
        { name: "b", data, offset: 0 },
      ],
      /overlaps/,
    ],
    [
      "an entry beyond the file",
      [{ name: "a", data, size: 1 << 30, compressedSize: 1 << 30 }],
      /overlaps|reaches/,
    ],
  ] as const)("%s is refused", async (_, entries, message) => {
    await expect(zip([...entries])).rejects.toThrow(message);
    await expect(zip([...entries])).rejects.toThrow(CorruptFileError);
  });

  const model = (changes: Partial<ZipEntry>) =>
    load(
      zipBytes(
        archiveEntries(program()).map((entry) =>
          entry.name.endsWith("model.json") ? { ...entry, ...changes } : entry,
        ),
      ),
    );

  test("deflated JSON is read; one that claims another size, or is no such stream, is refused", async () => {
    await model({ deflate: true });
    await expect(model({ deflate: true, size: 10 })).rejects.toThrow(CorruptFileError);
    await expect(model({ deflate: true, size: 1 << 27 })).rejects.toThrow(/impossible/);
    await expect(model({ method: 8 })).rejects.toThrow(/cannot be decompressed/);
    await expect(model({ crc: 1 })).rejects.toThrow(/checksum/);
    await expect(model({ localName: "model/models/other.json" })).rejects.toThrow(/contradicts/);
  });

  test("a bomb is not inflated", async () => {
    const zeros = Buffer.alloc(50 << 20);
    const before = process.memoryUsage().arrayBuffers;
    await expect(model({ data: zeros, deflate: true, size: 1000 })).rejects.toThrow(CorruptFileError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 << 20);
  });

  test("64-bit records and a comment are read", async () => {
    await load(zipBytes(archiveEntries(program()), { zip64: true, comment: "a comment" }));
  });

  test("random bytes with an end record", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 22, maxLength: 200 }), (bytes) => {
        const buffer = Buffer.from(bytes);
        buffer.writeUInt32LE(0x06054b50, buffer.length - 22);
        buffer.writeUInt16LE(0, buffer.length - 2);
        writeFileSync(path, buffer);
        try {
          new ZipArchive(path)[Symbol.dispose]();
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptFileError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("hostile graphs", () => {
  const refuse = async (changes: Partial<Program>, error: typeof GraphpatchError, message: RegExp) => {
    const bytes = archiveBytes(program(changes));
    await expect(load(bytes)).rejects.toThrow(message);
    await expect(load(bytes)).rejects.toThrow(error);
  };
  const node = (target: string, inputs: Record<string, unknown> = { self: "x" }) => ({
    nodes: [{ target, inputs, outputs: ["y"] }],
  });

  test("operators that files must not call", async () => {
    await refuse(
      node("torch.ops.aten.from_file.default", { filename: { as_string: "/etc/passwd" }, size: 4 }),
      UnsafeFileError,
      /aten::from_file \(it takes the name of a file/,
    );
    await refuse(
      node("torch.ops.aten.resize_.default", { self: "x", size: [1 << 20] }),
      GraphpatchError,
      /resize/,
    );
    await refuse(
      node("torch.ops.aten.set_.source_Tensor", { self: "x", source: "x" }),
      GraphpatchError,
      /set/,
    );
    await refuse(
      node("torch.ops.profiler._record_function_enter.default", { name: { as_string: "a" } }),
      UnsafeFileError,
      /profiler/,
    );
  });

  test("operators that nobody knows are all listed", async () => {
    const nodes = ["a", "b"].map((name) => ({
      target: `torch.ops.mylib.${name}.default`,
      inputs: { x: "x" },
      outputs: [name],
    }));
    await refuse({ nodes }, UnknownOperatorError, /mylib::a, mylib::b.*torch\.library\.register\("mylib::a"/);
    await refuse(node("os.system"), UnsupportedExportError, /calls os\.system, which is no operator/);
    await refuse(
      node("torch._functorch.predispatch._vmap_increment_nesting"),
      UnsupportedExportError,
      /torch\.vmap.*run_decompositions/,
    );
    await refuse(node("torch.ops.higher_order.flex_attention"), UnsupportedExportError, /flex_attention/);
  });

  test("values that are used before they are made, arguments that operators do not have", async () => {
    await refuse(
      node("torch.ops.aten.neg.default", { self: "z" }),
      CorruptFileError,
      /uses "z" before it is made/,
    );
    await refuse(
      node("torch.ops.aten.neg.default", { self: "x", other: "x" }),
      CorruptFileError,
      /no argument "other"/,
    );
    await refuse({ outputs: ["q"] }, CorruptFileError, /"q" before it is made/);
  });

  test("nesting without end", async () => {
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const text = JSON.stringify(program()).replace(
      '"range_constraints":{}',
      `"range_constraints":{"s0":${deep}}`,
    );
    expect(await outcome(archiveBytes(text))).toBe("refused");
    const tree = (depth: number): string =>
      depth === 0
        ? '{"type":null,"context":null,"children_spec":[]}'
        : `{"type":"builtins.tuple","context":"null","children_spec":[${tree(depth - 1)}]}`;
    const nested = program();
    const json = JSON.stringify(nested).replace(
      /"out_spec":"(?:[^"\\]|\\.)*"/,
      () => `"out_spec":${JSON.stringify(`[1, ${tree(500)}]`)}`,
    );
    await expect(load(archiveBytes(json))).rejects.toThrow(/nested too deep/);
  });

  test("weights outside of their entries, or as pickles", async () => {
    const withWeight = (meta: object, changes: object = {}, bytes = Buffer.alloc(16)) => {
      const json = program() as {
        graph_module: { signature: { input_specs: object[] }; graph: { tensor_values: object } };
      };
      const full = { ...tensorMeta(torch.zeros([4])), ...meta };
      json.graph_module.signature.input_specs.unshift({
        parameter: { arg: { name: "w" }, parameter_name: "w" },
      });
      Object.assign(json.graph_module.graph.tensor_values, { w: full });
      const config = {
        config: {
          w: { path_name: "weight_0", is_param: true, use_pickle: false, tensor_meta: full, ...changes },
        },
      };
      const entries = archiveEntries(json).map((entry) =>
        entry.name.endsWith("model_weights_config.json")
          ? { ...entry, data: Buffer.from(JSON.stringify(config)) }
          : entry,
      );
      return load(zipBytes([...entries, { name: "model/data/weights/weight_0", data: bytes }]));
    };
    const ints = (...list: number[]) => list.map((as_int) => ({ as_int }));
    await withWeight({});
    await expect(withWeight({ sizes: ints(5) })).rejects.toThrow(
      /weight "w" needs 5 elements of float32, its entry has 4/,
    );
    await expect(withWeight({ strides: ints(1 << 30) })).rejects.toThrow(CorruptFileError);
    await expect(withWeight({ storage_offset: { as_int: 1 } })).rejects.toThrow(CorruptFileError);
    await expect(withWeight({ strides: ints(-1) })).rejects.toThrow(GraphpatchError);
    await expect(withWeight({ sizes: ints(2 ** 52, 4), strides: ints(0, 1) })).resolves.toBeDefined();
    await expect(withWeight({}, {}, Buffer.alloc(0))).rejects.toThrow(/exported without its weights/);
    await expect(withWeight({}, { use_pickle: true })).rejects.toThrow(PickledDataError);
    await expect(withWeight({}, { path_name: "../../../etc/passwd" })).rejects.toThrow(/there is no entry/);
  });

  test("archives of old formats are told how to be saved again", async () => {
    const data = Buffer.from("pickle");
    await expect(load(zipBytes([{ name: "serialized_exported_program.json", data }]))).rejects.toThrow(
      PickledDataError,
    );
    await expect(load(zipBytes([{ name: "hello.txt", data }]))).rejects.toThrow(
      /not one of torch\.export\.save/,
    );
    // Entries of torch._inductor.aoti_compile_and_package, by torch 2.15.
    const compiled = ["archive_format", "data/aotinductor/model/c.wrapper.so", "byteorder"];
    const entries = compiled.map((name) => ({
      name: `aoti/${name}`,
      data: Buffer.from(name === "byteorder" ? "little" : "pt2"),
    }));
    await expect(load(zipBytes(entries))).rejects.toThrow(/was compiled by AOTInductor.*torch\.export\.save/);
    const newer = JSON.stringify(program()).replace('"major":8', '"major":9');
    await expect(load(archiveBytes(newer))).rejects.toThrow(UnsupportedExportError);
  });
});

describe("pickles of torch 2.8", () => {
  const read = (bytes: Buffer) => readPickledTensors(bytes, "model.pt");
  const saved = readFileSync(join(FIXTURES, "exports", "modes-torch28.pt2"));
  const pickle = () => {
    writeFileSync(path, saved);
    using outer = new ZipArchive(path);
    const entry = outer.names().find((name) => name.endsWith("weights/model.pt")) ?? "";
    using inner = new ZipArchive(path, outer.locate(entry));
    return inner.read("archive/data.pkl");
  };
  const text = (value: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    return Buffer.concat([Buffer.from("X"), length, Buffer.from(value)]);
  };
  const instructions = (...parts: (string | Buffer)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));

  test("are read as data: dtypes, sizes, places", () => {
    const tensors = read(pickle());
    expect(tensors.get("lin.weight")).toMatchObject({ dtype: "bfloat16", sizes: [4, 4], strides: [4, 1] });
    expect(tensors.get("window")).toMatchObject({ sizes: [4, 4], strides: [6, 1], offset: 2 });
    expect(tensors.get("other.weight")).toEqual(tensors.get("tied.weight"));
  });

  test("changed anywhere are read or refused", () => {
    const bytes = pickle();
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) });
    const outcome = (changed: Buffer) => {
      try {
        expect(read(changed)).toBeInstanceOf(Map);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptFileError);
      }
    };
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const changed = Buffer.from(bytes);
        for (const { at, to } of changes) changed[at] = to;
        outcome(changed);
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (random) => outcome(Buffer.from(random))),
      { numRuns: 2000 },
    );
  });

  test("call nothing that they name", () => {
    const call = instructions("\x80\x02}", text("w"), "cos\nsystem\n(", text("exit 1"), "tRs.");
    expect(read(call)).toEqual(new Map([["w", null]]));
    // A tensor of a type of the file's own, and one that contains itself.
    const type = instructions("ctorch._tensor\n_rebuild_from_type_v2\n");
    const endless = instructions("}", text("w"), type, "]q\x00", type, "actorch\nTensor\nah\x00a", "Rs.");
    expect(read(endless)).toEqual(new Map([["w", null]]));
    expect(() => read(instructions("\x80\x02]."))).toThrow(/is no dictionary/);
    expect(() => read(instructions("(i__builtin__\neval\n."))).toThrow(/unknown instruction "i"/);
  });
});

describe("expressions", () => {
  test("any text is parsed or refused", () => {
    const token = fc.constantFrom(
      "L",
      "['x']",
      ".size()",
      "[0]",
      "(",
      ")",
      " and ",
      "not ",
      "==",
      "<",
      "//",
      "**",
      "-",
      "7",
      "s0",
      ",",
      "Symbol('s0', integer=True)",
      "'",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        try {
          parseExpression(tokens.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      { numRuns: 2000 },
    );
    expect(() => parseExpression("(".repeat(5000))).toThrow(ExpressionError);
    expect(() => parseExpression(`${"-".repeat(15_000)}1`)).not.toThrow();
    expect(() => parseExpression(`${"2**".repeat(5000)}1`)).toThrow(ExpressionError);
  });
});
