import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CorruptFileError,
  GraphpatchError,
  PatchableGraph,
  type Tensor,
  torch,
  ZeroPatch,
} from "../../native/lib";
import {
  archiveBytes,
  archiveEntries,
  type Program,
  type ProgramNode,
  programJson,
  tensorMeta,
} from "../support/exportArchive";
import { ScratchFolder } from "../support/files";
import { zipBytes } from "../support/zipBytes";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
beforeAll(() => {
  torch.setNumThreads(1);
});

/** What each of these may take: a machine that does other things, too, is given room. */
const LIMIT_MS = 20_000;

const path = join(scratch.path, "model.pt2");
const x = torch.zeros([2, 3]);

function load(bytes: Uint8Array): Promise<PatchableGraph> {
  writeFileSync(path, bytes);
  return PatchableGraph.load(path);
}

function program(changes: Partial<Program> = {}) {
  return programJson({
    nodes: [{ target: "torch.ops.aten.neg.default", inputs: { self: "x" }, outputs: ["y"] }],
    outputs: ["y"],
    metas: { x: tensorMeta(x), y: tensorMeta(x) },
    ...changes,
  });
}

/** Loads and runs, or is refused with one of the package's own errors; anything else fails the test. */
async function outcome(bytes: Uint8Array): Promise<"runs" | "refused"> {
  try {
    const graph = await load(bytes);
    await graph.run({ x });
    return "runs";
  } catch (error) {
    if (error instanceof GraphpatchError) return "refused";
    throw error;
  }
}

describe("bombs", () => {
  test(
    "a small entry that is a document of tens of millions of values is not parsed",
    async () => {
      const text = `[${",".repeat(31_000_000)}]`;
      const entries = archiveEntries(text).map((entry) => ({ ...entry, deflate: entry.data.length > 1000 }));
      const bytes = zipBytes(entries);
      expect(bytes.length).toBeLessThan(100_000);
      await expect(load(bytes)).rejects.toThrow(/holds too many values/);
    },
    LIMIT_MS,
  );

  test("an entry of more than 256 MB is not inflated", async () => {
    const entries = archiveEntries(program()).map((entry) =>
      entry.name.endsWith("model.json") ? { ...entry, deflate: true, size: 2 ** 28 + 1 } : entry,
    );
    await expect(load(zipBytes(entries))).rejects.toThrow(/is too large/);
  });

  test.each([
    ["comparisons in comparisons", `${"1<=(".repeat(90)}1${")<=2<=3".repeat(90)}`],
    ["a sum of thousands", `${"1+".repeat(9_000)}1==9001`],
    ["thousands of conditions", `${"1==1 and ".repeat(2_000)}1==1`],
    ["powers of powers", "9**9**9**9==1"],
    ["shifts", "1<<99999999==1"],
    ["thousands of indices", `L['x']${".size()[0]".repeat(1_900)}==2`],
    ["arguments without end", `Max(${"1,".repeat(9_000)}1)==1`],
    ["nothing that it knows", "__import__('os').system('true')==0"],
    ["own properties of objects", "L['__proto__']==1 or L.constructor==1"],
  ])(
    "guards and ranges: %s",
    async (_, guard) => {
      const guarded = { ...program(), guards_code: [guard] };
      expect(["runs", "refused"]).toContain(await outcome(archiveBytes(guarded)));
      const ranged = { ...program(), range_constraints: { [guard]: { min_val: 2, max_val: 3 } } };
      expect(["runs", "refused"]).toContain(await outcome(archiveBytes(ranged)));
      const size = { as_expr: { expr_str: guard, hint: { as_int: 2 } } };
      const sized = program({
        metas: { x: { ...tensorMeta(x), sizes: [size, { as_int: 3 }] as never }, y: tensorMeta(x) },
      });
      expect(["runs", "refused"]).toContain(await outcome(archiveBytes(sized)));
    },
    LIMIT_MS,
  );
});

describe("long graphs", () => {
  const LENGTH = 6_000;
  const chain = (target: string, more: Record<string, unknown> = {}): ProgramNode[] =>
    Array.from({ length: LENGTH }, (_, i) => ({
      target,
      inputs: { self: i === 0 ? "x" : `v${i - 1}`, ...more },
      outputs: [`v${i}`],
    }));
  const last = `v${LENGTH - 1}`;
  const metas = Object.fromEntries(
    ["x", "y", ...Array.from({ length: LENGTH }, (_, i) => `v${i}`)].map((name) => [name, tensorMeta(x)]),
  );

  test.each([
    ["operators", chain("torch.ops.aten.neg.default"), "runs"],
    ["views of views", chain("torch.ops.aten.detach.default"), null],
    [
      "conversions that change nothing",
      chain("torch.ops.aten.to.dtype", { dtype: { as_scalar_type: 7 } }),
      null,
    ],
  ] as const)(
    "a chain of %s",
    async (_, nodes, expected) => {
      const result = await outcome(archiveBytes(program({ nodes: [...nodes], outputs: [last], metas })));
      if (expected) expect(result).toBe(expected);
    },
    LIMIT_MS,
  );

  test(
    "a view of views whose base is changed in place",
    async () => {
      const change = { target: "torch.ops.aten.relu_.default", inputs: { self: "x" }, outputs: ["y"] };
      const nodes = [...chain("torch.ops.aten.detach.default"), change];
      await outcome(archiveBytes(program({ nodes, outputs: [last, "y"], metas })));
    },
    LIMIT_MS,
  );

  test(
    "every node in a module of its own, and modules in modules",
    async () => {
      const modules = (path: (i: number) => string) =>
        chain("torch.ops.aten.neg.default")
          .slice(0, 3_000)
          .map((node, i) => ({ ...node, module: path(i) }));
      const end = "v2999";
      expect(
        await outcome(archiveBytes(program({ nodes: modules((i) => `m${i}`), outputs: [end], metas }))),
      ).toBe("runs");
      const nested = JSON.parse(JSON.stringify(program()));
      nested.graph_module.graph.nodes[0].metadata.nn_module_stack = Array.from(
        { length: 5_000 },
        (_, i) => `k${i},${"a.".repeat(i % 50)}b${i},T`,
      ).join(";");
      await expect(load(archiveBytes(nested))).rejects.toThrow(/more modules than any model has/);
    },
    LIMIT_MS,
  );
});

describe("names", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "then"];

  test.each(names)("a value, a module, an input and an output called %s are plain names", async (name) => {
    const value = programJson({
      nodes: [{ target: "torch.ops.aten.neg.default", inputs: { self: "x" }, outputs: [name], module: name }],
      outputs: [name],
      metas: Object.assign(Object.create(null), { x: tensorMeta(x), [name]: tensorMeta(x) }),
    });
    const text = JSON.stringify(value);
    const asJson = text.includes(`"${name}":{`)
      ? text
      : text.replace('"tensor_values":{', `"tensor_values":{"${name}":${JSON.stringify(tensorMeta(x))},`);
    const graph = await load(archiveBytes(asJson));
    expect(graph.nodes.has(`${name}.neg`)).toBe(true);
    const [result] = (await graph.patch({ [`${name}.neg`]: new ZeroPatch() }, () =>
      graph.run({ x: x.add(1) }),
    )) as Tensor[];
    expect(result.abs().max().item()).toBe(0);

    const renamed = JSON.parse(JSON.stringify(program()));
    const call = renamed.graph_module.module_call_graph[0].signature;
    call.forward_arg_names = [name];
    call.out_spec = JSON.stringify([
      1,
      {
        type: "builtins.dict",
        context: JSON.stringify([name]),
        children_spec: [{ type: null, context: null, children_spec: [] }],
      },
    ]);
    const dictionary = await load(archiveBytes(renamed));
    const given = await dictionary.run(
      JSON.parse(`{"${name}": 0}`, (key, item) => (key === name ? x : item)),
    );
    expect(Object.keys(given as object)).toEqual([name]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test.each(["a\u0000b", "a\nb", "a b", "a|b", ""])(
    "names like %j are refused, or none in a graph",
    async (name) => {
      const changed = JSON.parse(JSON.stringify(program()));
      changed.graph_module.module_call_graph[0].signature.forward_arg_names = [name];
      if (/[\s|\0]/.test(name)) expect(await outcome(archiveBytes(changed))).toBe("refused");
      const inModule = JSON.parse(JSON.stringify(program()));
      inModule.graph_module.graph.nodes[0].metadata.nn_module_stack = `L__self__,,Root;k,${name},T`;
      if (/[\n\0]/.test(name)) await expect(load(archiveBytes(inModule))).rejects.toThrow(CorruptFileError);
      else if (name !== "") expect((await load(archiveBytes(inModule))).nodes.has("a_b.neg")).toBe(true);
    },
  );
});

describe("values that contradict each other", () => {
  const twice = [
    { target: "torch.ops.aten.neg.default", inputs: { self: "x" }, outputs: ["y"] },
    { target: "torch.ops.aten.abs.default", inputs: { self: "y" }, outputs: ["y"] },
  ];

  test("a name that is given twice, shapes and dtypes that are others, dimensions without end", async () => {
    expect(["runs", "refused"]).toContain(await outcome(archiveBytes(program({ nodes: twice }))));
    const wrong = { ...tensorMeta(torch.zeros([7], { dtype: "int64" })) };
    expect(["runs", "refused"]).toContain(
      await outcome(archiveBytes(program({ metas: { x: wrong, y: wrong } }))),
    );
    const many = Array.from({ length: 100_000 }, () => ({ as_int: 1 }));
    const deep = { ...tensorMeta(x), sizes: many, strides: many };
    expect(["runs", "refused"]).toContain(
      await outcome(archiveBytes(program({ metas: { x: deep, y: deep } }))),
    );
    const reshaped = (size: unknown) =>
      program({
        nodes: [{ target: "torch.ops.aten.expand.default", inputs: { self: "x", size }, outputs: ["y"] }],
      });
    for (const size of [[2 ** 62], [2 ** 40, 2 ** 40, 3], Array.from({ length: 70_000 }, () => 1), [-2, 3]]) {
      expect(await outcome(archiveBytes(reshaped({ as_ints: size })))).toBe("refused");
    }
    const huge = program({
      nodes: [
        { target: "torch.ops.aten.zeros.default", inputs: { size: { as_ints: [2 ** 50] } }, outputs: ["y"] },
      ],
    });
    expect(await outcome(archiveBytes(huge))).toBe("refused");
  });

  test("weights of a hundred thousand dimensions, or beyond 64 bits", async () => {
    const withMeta = (meta: object) => {
      const json = JSON.parse(JSON.stringify(program()));
      const full = { ...tensorMeta(torch.zeros([4])), ...meta };
      json.graph_module.signature.input_specs.unshift({
        parameter: { arg: { name: "w" }, parameter_name: "w" },
      });
      json.graph_module.graph.tensor_values.w = full;
      const config = {
        config: { w: { path_name: "weight_0", is_param: true, use_pickle: false, tensor_meta: full } },
      };
      const entries = archiveEntries(json).map((entry) =>
        entry.name.endsWith("model_weights_config.json")
          ? { ...entry, data: Buffer.from(JSON.stringify(config)) }
          : entry,
      );
      return outcome(zipBytes([...entries, { name: "model/data/weights/weight_0", data: Buffer.alloc(16) }]));
    };
    const ints = (length: number, value: unknown) => Array.from({ length }, () => ({ as_int: value }));
    expect(["runs", "refused"]).toContain(
      await withMeta({ sizes: ints(100_000, 1), strides: ints(100_000, 0) }),
    );
    expect(await withMeta({ sizes: ints(2, 2 ** 53), strides: ints(2, 2 ** 53) })).toBe("refused");
    expect(await withMeta({ storage_offset: { as_int: 2 ** 53 } })).toBe("refused");
    expect(await withMeta({ storage_offset: { as_int: -1 } })).toBe("refused");
    expect(await withMeta({ dtype: 11 })).toBe("refused");
    expect(await withMeta({ dtype: 99 })).toBe("refused");
    expect(await withMeta({ layout: 1 })).toBe("refused");
    expect(await withMeta({ sizes: ints(1, "9223372036854775807") })).toBe("refused");
  });
});
