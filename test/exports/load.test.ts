import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  AddPatch,
  ArgumentError,
  CancelledError,
  CustomPatch,
  type PatchableGraph,
  ProbePatch,
  ReplacePatch,
  ShapeError,
  type Tensor,
  torch,
  UnknownOperatorError,
  ZeroPatch,
} from "../../native/lib";
import { capture } from "../../native/lib/graph/capture";
import { forwardArguments } from "../../native/lib/graph/inputs";
import { GPT2LMHeadModel } from "../../native/lib/models/gpt2";
import { examplesOf, loadCase } from "./cases";

beforeAll(() => {
  torch.setNumThreads(1);
});

const names = (graph: PatchableGraph) => [...graph.nodes.keys()];
const namesOf = async (name: string) => names(await loadCase(name));

describe("names", () => {
  it("of GPT-2 are those of the TypeScript model", async () => {
    const model = new GPT2LMHeadModel({
      model_type: "gpt2",
      vocab_size: 24,
      n_positions: 32,
      n_embd: 16,
      n_layer: 2,
      n_head: 2,
      n_inner: 64,
      activation_function: "gelu_new",
      layer_norm_epsilon: 1e-5,
      scale_attn_weights: true,
      scale_attn_by_inverse_layer_idx: false,
      reorder_and_upcast_attn: false,
      tie_word_embeddings: true,
    });
    const input_ids = torch.randint(24, [2, 5]);
    const traced = capture(
      model,
      forwardArguments({ input_ids, attention_mask: torch.ones_like(input_ids) }),
    );
    const imported = new Set(await namesOf("gpt2"));
    const missing = [...traced.index.infos.keys()].filter((name) => !imported.has(name));
    // How the mask is made and sizes are read is not the same, and nothing uses attention's second result.
    const places = missing.filter(
      (name) =>
        !/^transformer\.[^.]*$|\.attn\.(?:\w+|split\|sub_\d|output\|sub_1)$|\.size(?:_\d)?$/.test(name),
    );
    expect(places).toEqual([]);
    expect(imported).toContain("transformer.h_0.mlp.act.mul_3");
    const withSignatures = await namesOf("gpt2-signatures");
    expect(withSignatures).toEqual(expect.arrayContaining(["transformer.h_0.attn.output|sub_1"]));
    expect(withSignatures.filter((name) => !imported.has(name) && !/output/.test(name))).toEqual([]);
  });

  it("number modules that are called twice, however the model was exported", async () => {
    for (const name of ["twice", "twice-strict", "twice-signatures"]) {
      const graph = await loadCase(name);
      expect(names(graph)).toEqual(await namesOf("twice"));
      for (const node of [
        "proj_0.linear",
        "proj_1.weight",
        "act_0.x",
        "act_1.mul",
        "layers_1.output",
        "seq_1.relu_",
        "x",
      ]) {
        expect(names(graph), name).toContain(node);
      }
    }
  });

  it("lose a wrapper's path on request", async () => {
    expect(await namesOf("wrapped")).toContain("model.act_0.tanh");
    const stripped = await loadCase("wrapped", { stripPrefix: "model" });
    expect(names(stripped)).toEqual(await namesOf("twice"));
    expect(stripped.label).toBe("Twice");
  });

  it("of arguments and results come from the archive where it was exported with signatures", async () => {
    const graph = await loadCase("containers-signatures");
    for (const node of [
      "inner.x",
      "inner.scale",
      "inner.shift",
      "inner.output|sub_0",
      "inner.output|sub_1.mean",
      "inner.output|sub_1.parts.sub_1",
      "output|more.sub_1.sub_0",
      "extra|shifts.sub_1",
    ]) {
      expect(names(graph)).toContain(node);
    }
  });

  it.each(["lists", "features", "unpacked", "given", "expressions", "returned", "handing", "wrapping"])(
    "of parts of results in %s are those of calling conventions",
    async (name) => {
      const graphs = [await loadCase(name), await loadCase(`${name}-signatures`)];
      const [{ inputs }] = examplesOf(name);
      const seen = await Promise.all(
        graphs.map(async (graph) => {
          const parts = names(graph).filter((node) => /\w\.output\|/.test(node));
          const probes = Object.fromEntries(parts.map((part) => [part, new ProbePatch()]));
          await graph.patch(probes, () => graph.run(inputs));
          return Object.fromEntries(parts.map((part) => [part, probes[part].activation.tolist()]));
        }),
      );
      const [plain, withSignatures] = seen;
      expect(Object.keys(plain).length).toBeGreaterThan(1);
      expect(withSignatures).toMatchObject(plain);
    },
  );

  it("of a result are not those of something else that the module makes", async () => {
    const nodes = await namesOf("given");
    expect(nodes).toContain("mask.gt");
    expect(nodes).not.toContain("mask.output");
  });

  it("of modules whose names have spaces or bars have underscores there", async () => {
    expect(await namesOf("named")).toEqual(
      expect.arrayContaining(["parts.of_rows.weight", "parts.of_rows.output", "parts.this_that.linear"]),
    );
  });

  it("come with source lines, classes and shapes", async () => {
    const graph = await loadCase("llama");
    expect(graph.nodes.get("model.layers_0.mlp.act_fn.silu")).toMatchObject({
      operator: "aten::silu",
      moduleType: "SiLUActivation",
      shape: [2, 5, 24],
      dtype: "float32",
      code: expect.stringMatching(/^activations\.py:\d+: return nn\.functional\.silu/),
    });
    const withoutCode = [...graph.nodes.values()].filter(
      ({ kind, code, operator }) => kind === "operator" && !code && operator !== "aten::detach",
    );
    expect(withoutCode).toEqual([]);
    expect(names(graph)).toEqual(
      expect.arrayContaining([
        "model.layers_1.self_attn.position_embeddings|sub_0",
        "model.layers_1.self_attn.attention_mask",
        "model.layers_1.mlp.x",
        "model.norm.hidden_states",
      ]),
    );
  });

  it("tell the uses of a tied weight apart", async () => {
    const graph = await loadCase("gpt2");
    expect(graph.nodes.get("transformer.wte.weight")?.kind).toBe("parameter");
    expect(graph.nodes.get("lm_head.weight")?.kind).toBe("parameter");
  });
});

describe("inputs", () => {
  it("are given in order, by name, or both, and fixed ones may be left out", async () => {
    const graph = await loadCase("sizes");
    const [{ inputs, results }] = examplesOf("sizes");
    const same = async (given: Parameters<typeof graph.run>[0]) => {
      const { y } = (await graph.run(given)) as unknown as { y: (typeof results)[0] };
      expect(torch.allclose(y, results[2])).toBe(true);
    };
    await same(inputs);
    await same({ ...inputs, repeat: 3, flag: true, name: "sum", nothing: null });
    await same([inputs.x, 3, true, 0.5, "sum", { index: inputs.index }]);
    const result = (await graph.run(inputs)) as unknown as Record<string, unknown>;
    const [rows, columns] = (inputs.x as (typeof results)[0]).shape;
    expect(result).toMatchObject({
      half: Math.floor(rows / 2) + (columns % 2),
      ratio: rows / columns,
      repeat: 3,
    });
  });

  it("that do not fit are refused by name, before anything runs", async () => {
    const graph = await loadCase("sizes");
    const [{ inputs }] = examplesOf("sizes");
    const run = (changes: object) => graph.run({ ...inputs, ...changes });
    await expect(run({ x: torch.zeros([20, 4]) })).rejects.toThrow(
      /input x: its size 0 is 20; the model was exported for sizes of at least 3 and at most 16/,
    );
    await expect(run({ x: torch.zeros([2, 4]) })).rejects.toThrow(ShapeError);
    await expect(run({ repeat: 4 })).rejects.toThrow(
      /input repeat: the model was exported with 3 and is given 4/,
    );
    await expect(run({ nothing: torch.zeros([1]) })).rejects.toThrow(
      /exported with None and is given a tensor/,
    );
    await expect(run({ other: 1 })).rejects.toThrow(
      /exported without an input other; its inputs are x, repeat/,
    );
    await expect(graph.run({ index: inputs.index as never })).rejects.toThrow(/input x is missing/);
    await expect(run({ x: "text" })).rejects.toThrow(ArgumentError);
    const derived = await loadCase("derived");
    const x = torch.zeros([6, 4]);
    await expect(derived.run({ x, y: torch.zeros([2, 4]) })).rejects.toThrow(
      /input x: its size 0 is 6, but must be 4, which follows from the other inputs' sizes/,
    );
    const attention = await loadCase("attention");
    await expect(
      attention.run({ x: torch.zeros([2, 5, 8]), mask: torch.ones([5, 4], { dtype: "bool" }) }),
    ).rejects.toThrow(/input mask: its size 1 is 4, but must be the same as input/);
    const twice = await loadCase("twice");
    await expect(twice.run(torch.zeros([2, 5]))).rejects.toThrow(
      /input x: its size 1 must be 4, as when the model was exported, and is 5/,
    );
    const gpt2 = await loadCase("gpt2");
    const input_ids = torch.ones([2, 5], { dtype: "int64" });
    await expect(
      gpt2.run({ input_ids, attention_mask: torch.ones([3, 5], { dtype: "int64" }) }),
    ).rejects.toThrow(/input_ids\.size\(0\)|input attention_mask/);
  });

  it("break assertions that the model makes about values it computes", async () => {
    const graph = await loadCase("sizes");
    const [{ inputs }] = examplesOf("sizes");
    await expect(graph.run({ ...inputs, index: torch.tensor(9) })).rejects.toThrow(
      /breaks an assumption of the model: Runtime assertion failed for expression/,
    );
  });
});

describe("in-place operators", () => {
  it("let patches hold, on the changed tensor, on its views and on what they are made of", async () => {
    const graph = await loadCase("views");
    const [{ inputs }] = examplesOf("views");
    const run = async () => (await graph.run(inputs)) as unknown as (typeof zero)[];
    const zero = torch.zeros([]);
    // The view that is changed: its new content is one more than nothing, and so is that part of its base.
    const [y] = await graph.patch({ slice_1: new ZeroPatch() }, run);
    expect(y.at("1:, 1").tolist()).toEqual(y.at("1:, 1").mul(0).add(1).tolist());
    // The in-place operator's result.
    const [, v] = await graph.patch({ add_: new ReplacePatch({ value: 3 }) }, run);
    expect(v.at("1:, 0").eq(3).all().item()).toBe(true);
    // An alias taken before is not changed by a patch on the result of a later operator.
    const plain = await run();
    const [, patched] = await graph.patch({ mul_: new ZeroPatch() }, run);
    expect(torch.equal(plain[1], patched)).toBe(true);
  });

  it("leave weights, buffers and the caller's inputs alone", async () => {
    for (const [name, node] of [
      ["conv-training", "bn.running_mean"],
      ["parts", "x"],
    ] as const) {
      const graph = await loadCase(name);
      const [{ inputs }] = examplesOf(name);
      const before = (inputs.x as ReturnType<typeof torch.zeros>).clone();
      const probe = new ProbePatch();
      const first = await graph.patch({ [node]: probe }, () => graph.run(inputs));
      const seen = probe.activation;
      const second = await graph.patch({ [node]: probe }, () => graph.run(inputs));
      expect(torch.equal(seen, probe.activation)).toBe(true);
      expect(torch.equal(before, inputs.x as typeof before)).toBe(true);
      const flat = (result: unknown) => (result as (typeof before)[])[0].tolist();
      expect(flat(first)).toEqual(flat(second));
    }
  });
});

describe("control flow", () => {
  it("shows both branches; patches act in the one that runs, and warn in the other", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const graph = await loadCase("branches");
    const positive = torch.full([2, 4], 0.5);
    const run = (x: typeof positive) => graph.run(x) as unknown as Promise<(typeof positive)[]>;
    const operators = [...graph.nodes.values()].map(({ operator }) => operator);
    expect(operators.filter((operator) => operator === "aten::linear").length).toBe(3);
    const inPositive = [...graph.nodes].find(([, info]) => info.code?.includes("self.a(x) * 2"))?.[0] ?? "";
    const probe = new ProbePatch();
    await graph.patch({ mean: probe }, () => run(positive));
    expect(probe.fired).toBe(true);
    const other = new ProbePatch();
    await graph.patch({ mean: other }, () => run(positive.neg()));
    expect(other.fired).toBe(false);
    expect(inPositive).toBeDefined();
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });

  it("runs the nodes of a loop in every round, and so their patches", async () => {
    const graph = await loadCase("loops");
    const [, { inputs }] = examplesOf("loops");
    const rows = (inputs.xs as Tensor).shape[0];
    const run = async () => (await graph.run(inputs)) as unknown as Tensor[];
    const [mapped, added, , turned] = await run();
    let rounds = 0;
    const seen = new ProbePatch();
    const count = new CustomPatch({
      op: (value) => {
        rounds++;
        return value;
      },
    });
    // `select`: the row of the round; a probe keeps the last one.
    const same = await graph.patch({ select: [count, seen] }, run);
    expect(rounds).toBe(rows);
    expect(torch.equal(seen.activation, (inputs.xs as Tensor).at(-1))).toBe(true);
    expect(torch.equal(same[0], mapped)).toBe(true);
    const [zeroed] = await graph.patch({ sin: new ZeroPatch() }, run);
    expect(zeroed.abs().max().item()).toBe(0);
    // What a round carries on: each begins where the patched one ended.
    const [, fromOnes] = await graph.patch({ tanh: new ReplacePatch({ value: 1 }) }, run);
    const signs = mapped.sum(-1).gt(0).tolist() as boolean[];
    expect(fromOnes.at(":, 0").tolist()).toEqual(signs.map((positive) => (positive ? 2 : 0)));
    expect(torch.equal(fromOnes, added)).toBe(false);
    // A loop whose results are replaced is not run.
    rounds = 0;
    const patches = { "while_loop|sub_1": new ReplacePatch({ value: 0 }), item_1: count };
    const [, , , replaced] = await graph.patch(patches, run);
    expect(replaced.abs().max().item()).toBe(0);
    expect(turned.abs().max().item()).not.toBe(0);
  });

  it.each(["loops", "branches"])("of %s is swept cell by cell", async (name) => {
    const graph = await loadCase(name);
    const [, { inputs }] = examplesOf(name);
    const places = name === "loops" ? ["tanh", "map", "select", "mul_3"] : ["mean", "gt", "x"];
    const cells = places.map((place) => ({ [place]: new ZeroPatch() }));
    const outputs = ["output|sub_0", "output|sub_1"];
    const measure = (values: Record<string, Tensor>) =>
      outputs.reduce((sum, output) => sum + (values[output].sum().item() as number), 0);
    const swept = await graph.sweep({ inputs, cells, outputs, metric: measure });
    for (const [i, cell] of cells.entries()) {
      const result = (await graph.patch(cell, () => graph.run(inputs))) as unknown as Tensor[];
      const alone = measure(Object.fromEntries(outputs.map((output, k) => [output, result[k]])));
      expect(swept.samples[i][0], places[i]).toBeCloseTo(alone, 5);
    }
  });

  it("lets gradients through all rounds of a loop", async () => {
    const graph = await loadCase("loops");
    const [, { inputs }] = examplesOf("loops");
    const delta = torch.zeros([4], { requires_grad: true });
    const result = (await graph.patch({ tanh: new AddPatch({ value: delta }) }, () =>
      graph.run(inputs),
    )) as unknown as Tensor[];
    await result[1].sum().backward();
    const step = 1e-2;
    const shifted = async (by: number) => {
      const patch = new AddPatch({ value: torch.tensor([by, 0, 0, 0]) });
      const [, rows] = (await graph.patch({ tanh: patch }, () => graph.run(inputs))) as unknown as Tensor[];
      return rows.sum().item() as number;
    };
    const slope = ((await shifted(step)) - (await shifted(-step))) / (2 * step);
    expect(delta.grad?.at(0).item()).toBeCloseTo(slope, 2);
  });

  it("runs a loop without end until it is told to stop", async () => {
    const graph = await loadCase("loops");
    const [{ inputs }] = examplesOf("loops");
    const stop = new AbortController();
    const running = graph.patch({ sub_1: new ReplacePatch({ value: 1 }) }, () =>
      graph.run({ ...inputs, count: torch.tensor(1) } as never, { signal: stop.signal }),
    );
    setTimeout(() => stop.abort(), 20);
    await expect(running).rejects.toThrow(CancelledError);
  });
});

describe("operators of Python packages", () => {
  it("transformers' grouped matrix product is built in, and checks where experts' rows end", async () => {
    const graph = await loadCase("experts");
    const { inputs } = examplesOf("experts")[0];
    const run = (ends: number[]) => graph.run({ ...inputs, ends: torch.tensor(ends, { dtype: "int32" }) });
    const rows = (inputs.x as Tensor).shape[0];
    const none = (await run([0, 0, 0])) as Tensor;
    expect(none.shape).toEqual([rows, 5]);
    expect(none.abs().max().item()).toBe(0);
    await expect(run([2, 1, rows])).rejects.toThrow(/expert 1 has rows 2 to 1 of/);
    await expect(run([0, 1, rows + 1])).rejects.toThrow(/expert 2 has rows 1 to/);
    await expect(run([-1, 1, 2])).rejects.toThrow(/expert 0 has rows 0 to -1/);
  });

  it("are all named when the archive is loaded", async () => {
    await expect(loadCase("custom")).rejects.toThrow(UnknownOperatorError);
    await expect(loadCase("custom")).rejects.toThrow(
      /mylib::twist.*torch\.library\.register\("mylib::twist"/,
    );
  });

  it("run with a TypeScript implementation, patched and differentiated", async () => {
    torch.library.register("mylib::twist", async (x: typeof example.inputs.x & object, k: number) => {
      await null;
      return torch.roll(x as never, [k], [-1]).mul(2);
    });
    const [example] = examplesOf("custom");
    const graph = await loadCase("custom");
    const result = await graph.run(example.inputs);
    expect(torch.allclose(result as never, example.results[0])).toBe(true);
    expect(graph.nodes.get("twist")?.operator).toBe("mylib::twist");
    const zeroed = (await graph.patch({ twist: new ZeroPatch() }, () => graph.run(example.inputs))) as never;
    expect(torch.equal(zeroed, torch.ones_like(example.results[0]))).toBe(true);
    torch.library.register("mylib::twist", () => "text" as never);
    await expect((await loadCase("custom")).run(example.inputs)).rejects.toThrow(/must give a tensor/);
  });
});

it("statistics of batch normalisation make no further names for what the module has", async () => {
  const graph = await loadCase("conv-training");
  const own = [...graph.nodes.keys()].filter((name) => name.startsWith("bn."));
  expect(own.filter((name) => graph.nodes.get(name)?.kind !== "operator").sort()).toEqual([
    "bn.bias",
    "bn.input",
    "bn.num_batches_tracked",
    "bn.output",
    "bn.running_mean",
    "bn.running_var",
    "bn.weight",
  ]);
});
