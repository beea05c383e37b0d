import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ArgumentError, CorruptFileError, MissingFileError, UnsafeFileError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import type { EncodedNode, GraphDescription } from "../../native/lib/graph/persist/format";
import { torch } from "../../native/lib/torch";
import { saveSafetensors } from "../../native/lib/weights";
import { FIXTURES } from "../support/files";
import { messageOf, saved, scratch, useSavedGraph } from "../support/fuzzedGraph";

useSavedGraph();

describe("hostile descriptions", () => {
  const edited = (edit: (description: GraphDescription & { [key: string]: unknown }) => void): Buffer => {
    const description = saved.description();
    edit(description as GraphDescription & { [key: string]: unknown });
    return saved.withDescription(description);
  };
  const operatorNode = (description: GraphDescription, operator = "aten::linear"): EncodedNode => {
    const node = description.nodes.find((one) => one.operator === operator);
    if (!node) throw new Error(`no ${operator}`);
    return node;
  };
  const constants = (...values: unknown[]) => values.map((constant) => ({ constant })) as EncodedNode["args"];

  test.each<[string, (description: GraphDescription & { [key: string]: unknown }) => void, RegExp]>([
    [
      "an operator that reads a file",
      (description) => {
        Object.assign(operatorNode(description), {
          operator: "aten::from_file",
          args: constants("/etc/passwd", false, 10, "uint8"),
        });
      },
      /UnsafeFileError: .*fuzzed\.safetensors: node proj\.linear has the operator aten::from_file, which is refused: it takes the name of a file/,
    ],
    [
      "an operator that writes to its arguments",
      (description) => {
        Object.assign(operatorNode(description), { operator: "aten::zero_", args: [{ ref: 0 }] });
      },
      /UnsafeFileError: .*aten::zero_, which is refused: it writes to its arguments/,
    ],
    [
      "an operator of another library",
      (description) => {
        Object.assign(operatorNode(description), {
          operator: "_c10d_functional::broadcast",
          args: [{ ref: 0 }],
        });
      },
      /UnsafeFileError: .*not one of PyTorch's own/,
    ],
    [
      "an operator that does not exist",
      (description) => {
        operatorNode(description).operator = "aten::exec";
      },
      /UnknownOperatorError: .*fuzzed\.safetensors: node proj\.linear: There is no operator "aten::exec"/,
    ],
    [
      "an operator's name without end",
      (description) => {
        operatorNode(description).operator = `aten::${"a".repeat(100_000)}`;
      },
      /CorruptFileError: .*operator must be a text of at most 1000 characters/,
    ],
    [
      "a file name for a tensor",
      (description) => {
        operatorNode(description).args = constants("/etc/passwd", "/etc/passwd");
      },
      /CorruptFileError: .*argument input must be Tensor, not the string "\/etc\/passwd"/,
    ],
    [
      "billions of values",
      (description) => {
        description.valueCount = 2 ** 31 - 1;
      },
      /valueCount must be a whole number from (\d+) to \1; found 2147483647/,
    ],
    [
      "a cycle",
      (description) => {
        const [first] = description.nodes;
        first.args = [{ ref: description.nodes[3].results[0] }];
      },
      /CorruptFileError: .*uses value \d+ before it is made/,
    ],
    [
      "a value made twice",
      (description) => {
        description.nodes[1].results = description.nodes[0].results;
      },
      /CorruptFileError: .*made twice|from \d+ to/,
    ],
    [
      "a name twice",
      (description) => {
        description.names[1].name = description.names[0].name;
      },
      /names\[1\]\.name must be a name that no other node has; found "x"/,
    ],
    [
      "a name of a value that is not there",
      (description) => {
        description.names[0].value = 10_000;
      },
      /names\[0\]\.value must be a whole number from 0 to/,
    ],
    [
      "a shape that is not the tensor's",
      (description) => {
        const weight = description.names.find(({ name }) => name === "proj.weight");
        if (weight) weight.shape = [3, 4];
      },
      /node proj\.weight is said to be float32\[3,4\], but its tensor is float32\[3,3\]/,
    ],
    [
      "a dtype that is not the tensor's",
      (description) => {
        const weight = description.names.find(({ name }) => name === "proj.weight");
        if (weight) weight.dtype = "int64";
      },
      /proj\.weight is said to be int64/,
    ],
    [
      "a dtype that there is not",
      (description) => {
        description.inputs[0].dtype = "float7";
      },
      /inputs\[0\]\.dtype must be one of float32, /,
    ],
    [
      "a tensor that is not there",
      (description) => {
        description.tensors[0].name = "other.weight";
      },
      /tensor "other\.weight" is named by the graph but is not in the file/,
    ],
    [
      "strides beyond all memory",
      (description) => {
        description.tensors[0].strides = [2 ** 52, 1];
      },
      /cannot have the strides \[4503599627370496, 1\]/,
    ],
    [
      "strides of one element on another",
      (description) => {
        description.tensors[0].strides = [1, 1];
      },
      /cannot have the strides \[1, 1\]/,
    ],
    [
      "an address within an element",
      (description) => {
        description.tensors[0].alignment = 3;
      },
      /cannot be aligned at 3 bytes/,
    ],
    [
      "an input structure without its tensor",
      (description) => {
        description.inputStructure = { plain: null };
      },
      /inputStructure must be a structure of 1 tensors/,
    ],
    [
      "an output structure with a tensor twice",
      (description) => {
        description.output.structure = { tuple: [{ leaf: 0 }, { leaf: 0 }] };
      },
      /output\.structure\.tuple\[1\]\.leaf must be a whole number from 1 to 1; found 0/,
    ],
    [
      "an autocast that there is not",
      (description) => {
        Object.assign(description.nodes[0], { autocast: "float64" });
      },
      /autocast.*one of bfloat16, float16/,
    ],
    [
      "a later format",
      (description) => {
        description.version = 4;
      },
      /saved by a newer graphpatch \(format 4; this version reads 3\)/,
    ],
    [
      "no version",
      (description) => {
        Reflect.deleteProperty(description, "version");
      },
      /version must be a whole number .*; it is missing/,
    ],
    [
      "the lowest number, which has no negative",
      (description) => {
        operatorNode(description, "floordiv").args = constants({ bigint: "-9223372036854775808" }, -1);
      },
      /constant\.bigint must be a number of 64 bits/,
    ],
    [
      "a range whose length overflows",
      (description) => {
        const args = constants(2 ** 62, { bigint: String(-(2n ** 62n)) }, -1);
        Object.assign(operatorNode(description), { operator: "aten::arange", overload: "start_step", args });
      },
      /args must be numbers whose differences have 64 bits/,
    ],
  ])("%s", async (_what, edit, message) => {
    expect(await messageOf(edited(edit))).toMatch(message);
  });

  test("lists inside lists, and more than fits in memory", async () => {
    const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    expect(await messageOf(saved.withDescription(deep))).toMatch(/lists more than 100 deep/);
    const wide = `[${"[],".repeat(6_000_000)}[]]`;
    expect(await messageOf(saved.withDescription(wide))).toMatch(/more than 5000000 values/);
  });

  test("a key twice", async () => {
    const text = JSON.stringify(saved.description()).replace('"label"', '"version":2,"label"');
    expect(await messageOf(saved.withDescription(text))).toMatch(/has the key "version" twice/);
  });

  test("more names than a tree can hold", async () => {
    const names = Array.from({ length: 5000 }, (_, i) => ({
      ...saved.description().names[0],
      name: `${"a.".repeat(480)}${i}`,
    }));
    const description = { ...saved.description(), names };
    expect(await messageOf(saved.withDescription(description))).toMatch(
      /names of at most 2000000 parts in all/,
    );
  });

  test("names that mean something to JavaScript are names", async () => {
    const description = saved.description();
    const odd = [
      "__proto__",
      "constructor.prototype",
      "toString",
      "_name",
      "_shape",
      "a..b",
      ".",
      "|",
      "h|a|b",
    ];
    odd.forEach((name, i) => {
      description.names[i].name = name;
    });
    const pg = await PatchableGraph.load(
      scratch.write("odd.safetensors", saved.withDescription(description)),
    );
    expect([...pg.nodes.keys()].slice(0, odd.length)).toEqual(odd);
    for (const name of odd) expect(pg.node(name).name).toBe(name);
    expect(String(pg)).toContain("constructor");
    expect(pg.graph._name).toBe("");
    expect(({} as { prototype?: unknown }).prototype).toBeUndefined();
  });
});

describe("files of other kinds", () => {
  const load = (file: string) => PatchableGraph.load(file);

  test.each<[string, () => string | Promise<string>, new (message: string) => Error, RegExp]>([
    ["nothing", () => join(scratch.path, "nothing"), MissingFileError, /nothing cannot be opened/],
    ["a folder", () => join(FIXTURES, "gpt2-tiny"), ArgumentError, /is a folder.*fromPretrained/],
    [
      "a GGUF file",
      () => join(FIXTURES, "gguf", "gpt2-tiny.gguf"),
      ArgumentError,
      /is a GGUF file.*fromPretrained/,
    ],
    [
      "a checkpoint",
      () => join(FIXTURES, "gpt2-tiny", "model.safetensors"),
      ArgumentError,
      /has weights but no graph.*fromPretrained.*capture/,
    ],
    [
      "a pickle",
      () => scratch.write("a.pt", Buffer.from([0x80, 2, 0x7d])),
      ArgumentError,
      /is a pickle.*never read/,
    ],
    [
      "what torch.save writes",
      () =>
        scratch.write(
          "b.pt",
          Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(26), Buffer.from("model/data.pkl")]),
        ),
      ArgumentError,
      /is a pickle/,
    ],
    [
      "a zip",
      () => scratch.write("c.zip", "PK\u0003\u0004".padEnd(60, "x")),
      CorruptFileError,
      /not a zip archive, or it is cut off/,
    ],
    ["a text", () => scratch.write("d.txt", "import torch"), CorruptFileError, /holds no graph/],
    ["an empty file", () => scratch.write("e", ""), CorruptFileError, /is empty/],
    [
      "a safetensors file that is cut short",
      async () => {
        await saveSafetensors(join(scratch.path, "f"), { x: torch.ones([9]) });
        return scratch.write("f", readFileSync(join(scratch.path, "f")).subarray(0, 90));
      },
      CorruptFileError,
      /f: /,
    ],
  ])("%s", async (_what, file, error, message) => {
    const place = await file();
    await expect(load(place)).rejects.toThrow(error);
    await expect(load(place)).rejects.toThrow(message);
  });

  test("a refused file is told apart from a damaged one", () => {
    expect(UnsafeFileError.prototype).not.toBeInstanceOf(CorruptFileError);
  });
});
