import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { withSignal } from "../../native/lib/cancellation";
import { ArgumentError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { Module } from "../../native/lib/nn";
import { AddPatch, CustomPatch, RecordPatch, ReplacePatch } from "../../native/lib/patches";
import { moved } from "../../native/lib/placement/devices";
import {
  type DoneCell,
  logProbability,
  SweepCancelledError,
  type SweepOptions,
  type SweepResult,
} from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { MODELS } from "../support/parity";
import { compare, difference, used } from "./support";

const ids = [5, 17, 3, 42, 8];
const inputs = { input_ids: torch.tensor([ids], { dtype: "int64" }) };
const [{ name, block, layers }] = MODELS;
let model: CausalLM;
let pg: PatchableGraph<CausalLM>;

beforeAll(async () => {
  model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name));
  pg = await PatchableGraph.capture(model, inputs);
});

function options(): SweepOptions {
  torch.manual_seed(1);
  const cells = Array.from({ length: layers }, (_, l) =>
    ids.map((_, t) => ({ [block(l)]: new AddPatch({ value: torch.randn([32]), slice: [{}, t] }) })),
  );
  return {
    inputs,
    cells,
    metric: logProbability({ token: 9 }),
    axes: ["layer", { name: "token", labels: ids.map(String) }],
  };
}

test("a cancelled sweep keeps what is done and is taken up again", async () => {
  const whole = await pg.sweep(options());
  const controller = new AbortController();
  const seen: DoneCell[] = [];
  const first = pg.sweep({
    ...options(),
    signal: controller.signal,
    memoryLimit: 1,
    onCells: (cells) => {
      seen.push(...cells);
      if (seen.length === 4) controller.abort();
    },
  });
  const error = await first.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SweepCancelledError);
  const { result } = error as SweepCancelledError;
  expect(result.done).toBe(4);
  expect(seen.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  expect(Number(result.values.isnan().sum().item())).toBe(layers * ids.length - 4);
  const rest: DoneCell[] = [];
  const resumed = await pg.sweep({ ...options(), resume: result, onCells: (cells) => rest.push(...cells) });
  expect(rest).toHaveLength(layers * ids.length - 4);
  expect(torch.allclose(resumed.values, whole.values, 1e-5, 1e-6)).toBe(true);
});

test("a sweep stops in the middle of a batch, by its own signal or a cell's, and keeps the batches before it", async () => {
  const whole = await pg.sweep(options());
  const { cells, ...rest } = options();
  const { bytes } = await pg.sweep.plan(options());
  const memoryLimit = Math.ceil(bytes * 0.6);
  for (const isOwn of [true, false]) {
    const controller = new AbortController();
    // Batches go by position, so this is one of the last batch; it changes nothing.
    const stop = new CustomPatch({
      op: (x: Tensor) => {
        controller.abort();
        return x;
      },
    });
    const last = (cells as object[][]).map((row, l) =>
      row.map((cell, t) => (l === 0 && t === ids.length - 1 ? { ...cell, [block(1)]: stop } : cell)),
    ) as SweepOptions["cells"];
    const request: SweepOptions = { ...rest, cells: last, memoryLimit };
    const error = await (isOwn
      ? pg.sweep({ ...request, signal: controller.signal })
      : withSignal(controller.signal, () => pg.sweep(request))
    ).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SweepCancelledError);
    const { result } = error as SweepCancelledError;
    expect(result.done).toBeGreaterThan(0);
    expect(result.done).toBeLessThan(layers * ids.length);
    expect(result.samples[ids.length - 1]).toEqual([]);
    const resumed = await pg.sweep({ ...options(), resume: result });
    expect(resumed.done).toBe(layers * ids.length);
    expect(torch.allclose(resumed.values, whole.values, 1e-5, 1e-6)).toBe(true);
  }
});

test("what cells have in common is computed once", async () => {
  const { cells, ...rest } = options();
  const noise = new AddPatch({ value: torch.randn([ids.length, 32]) });
  const other = new AddPatch({ value: torch.randn([32]), slice: ":, 1" });
  const embedding = "transformer.wte";
  const own = (cells as Record<string, AddPatch>[][]).flat();
  const mixed = [
    ...own.map((cell) => ({ [embedding]: noise, ...cell })),
    // Too few of them for a base of their own, another order, and one that has nothing else.
    ...own.slice(0, 2).map((cell) => ({ [embedding]: other, ...cell })),
    ...own.slice(0, 5).map((cell) => ({ [embedding]: [other, noise], ...cell })),
    { [embedding]: noise },
    {},
  ];
  const request: SweepOptions = { ...rest, axes: undefined, cells: mixed };
  const { all, exact } = await compare(pg, request);
  expect(used(all).shared).toBe(own.length + 5 + 2);
  expect(all.base).toEqual(exact.base);
  const without = await pg.sweep({ ...request, levels: { shared: false } });
  expect(used(without).shared).toBe(0);
  expect(difference(without, exact)).toBeLessThanOrEqual(1e-5);
  const { logits } = await pg.patch(mixed[0], () => pg.run(inputs));
  expect(all.samples[0][0]).toBeCloseTo(Number(torch.log_softmax(logits.at("0, -1"), -1).at([9]).item()), 5);
});

test("batches keep within the memory limit, and the plan says what will be done", async () => {
  const plan = await pg.sweep.plan(options());
  expect(plan).toMatchObject({ cells: layers * ids.length, batches: 1 });
  expect(plan.work).toBeLessThan(plan.naiveWork / 2);
  expect(plan.expectedTime).toBeGreaterThan(0);
  const sizes: number[] = [];
  const memoryLimit = Math.ceil(plan.bytes * 0.8);
  const { batches, bytes } = await pg.sweep.plan({ ...options(), memoryLimit });
  await pg.sweep({ ...options(), memoryLimit, onCells: (cells) => sizes.push(cells.length) });
  expect(bytes).toBeLessThanOrEqual(memoryLimit);
  expect(batches).toBeGreaterThan(1);
  expect(sizes).toHaveLength(batches);
  expect(sizes.reduce((a, b) => a + b)).toBe(layers * ids.length);
});

test("results read as a table and as text", async () => {
  const result = await pg.sweep(options());
  const table = result.toTable();
  expect(table).toHaveLength(layers * ids.length);
  expect(table[ids.length + 2]).toMatchObject({ layer: "1", token: "3", n: 1 });
  expect(table[ids.length + 2].value).toBe(Number(result.values.at([1, 2]).item()));
  expect(String(result)).toMatch(/^log-probability {2}layer 3 × token 5 {2}15 of 15 cells/);
});

test("what cannot be swept is refused before anything runs", async () => {
  const sweep = (change: object) => pg.sweep({ ...options(), ...change } as SweepOptions);
  await expect(sweep({ cells: [] })).rejects.toThrow(/there are none/);
  await expect(sweep({ cells: [[{}], [{}, {}]] })).rejects.toThrow(/same length/);
  await expect(sweep({ axes: ["one"] })).rejects.toThrow(ArgumentError);
  await expect(sweep({ metric: 3 })).rejects.toThrow(/give logProbability/);
  await expect(sweep({ metric: logProbability({ token: 9, position: 5 }) })).rejects.toThrow(
    /position 5 is out of range/,
  );
  await expect(sweep({ metric: logProbability({ token: -1 }) })).rejects.toThrow(/token -1 is not one of/);
});

test("a causal trace is its definition", async () => {
  const window = 2;
  const trace = await pg.causalTrace({ inputs, subject: [1, 3], target: 9, samples: 3, window, seed: 4 });
  const again = await pg.causalTrace({
    inputs,
    subject: [1, 3],
    target: 9,
    samples: 3,
    window,
    seed: 4,
    exact: true,
  });
  const other = await pg.causalTrace({
    inputs,
    subject: [1, 3],
    target: 9,
    samples: 3,
    window,
    seed: 5,
    kinds: ["states"],
  });
  expect(trace.corrupted.n).toBe(3);
  expect(other.corrupted.mean).not.toBe(trace.corrupted.mean);
  for (const kind of ["states", "mlp", "attention"] as const) {
    const [a, b] = [trace, again].map(({ grids }) => grids[kind]?.values);
    expect(a?.shape).toEqual([layers, ids.length]);
    expect(a && b && torch.allclose(a, b, 1e-4, 1e-9)).toBe(true);
  }
  const probability = async () => {
    const { logits } = await pg.run(inputs);
    return Number(torch.softmax(logits.at("0, -1"), -1).at([9]).item());
  };
  expect(trace.clean).toBeCloseTo(await probability(), 6);
  // With everything restored at a token without noise before it, nothing of the noise is left: the first token's states never had any.
  const states = trace.grids.states?.samples ?? [];
  trace.grids.states?.base.forEach((value, i) => {
    expect(states[0][i]).toBeCloseTo(value, 6);
  });
  // The last token's final state is all that the prediction reads.
  for (const value of states[states.length - 1]) expect(value).toBeCloseTo(trace.clean, 6);
  await expect(pg.causalTrace({ inputs, subject: [3, 9], target: 9 })).rejects.toThrow(
    /not a part of the text/,
  );
});

test("a model that mixes texts is traced one noise sample after the other", async () => {
  class Mixed extends Module {
    constructor(readonly inner: CausalLM) {
      super();
    }
    forward(given: { input_ids: Tensor }): { logits: Tensor } {
      const { logits } = this.inner.call(given);
      return { logits: logits.sub(logits.mean([0], true).mul(0.5)) };
    }
  }
  const mixed = await PatchableGraph.capture(new Mixed(model), inputs);
  const options = { inputs, subject: [1, 2], target: 9, samples: 2, kinds: ["states"] } as const;
  const [two, one] = [await mixed.causalTrace(options), await mixed.causalTrace({ ...options, samples: 1 })];
  expect(two.grids.states?.samples[3]).toHaveLength(2);
  // The first sample has the same noise whether there is another or not.
  one.grids.states?.samples.forEach(([value], cell) => {
    expect(two.grids.states?.samples[cell][0]).toBeCloseTo(value, 6);
  });
});

test("the noise is three deviations of the embeddings on the subject, and windows restore what they say", async () => {
  const [embedding, mlp] = ["transformer.wte.embedding", (l: number) => `transformer.h_${l}.mlp`] as const;
  const record = new RecordPatch();
  const samples = 200;
  const options = { inputs, subject: [1, 3], target: 9, samples, window: 2, kinds: ["mlp"] } as const;
  // The module's output stands behind the operator that the noise is added to.
  const trace = await pg.patch({ "transformer.wte": record }, () => pg.causalTrace(options));
  const noisy = (record.activations as Tensor[]).findLast(({ shape }) => shape[0] === samples);
  const names = [embedding, mlp(0), mlp(1)];
  const clean = await pg.run(inputs, { outputs: names });
  const noise = noisy?.sub(clean[embedding]);
  if (!noise) throw new Error("the noisy run was not seen");
  expect(noise.at(":, 0").abs().max().item()).toBe(0);
  expect(noise.at(":, 3:").abs().max().item()).toBe(0);
  const deviation = Number(model.stateDict().get("transformer.wte.weight")?.std().item());
  expect(Number(noise.at(":, 1:3").std().item()) / deviation).toBeCloseTo(3, 1);
  expect(Math.abs(Number(noise.at(":, 1:3").mean().item()) / deviation)).toBeLessThan(0.1);
  // The cell of layer 1 and token 2 restores layers 0 and 1 there.
  const restored = (l: number) => new ReplacePatch({ value: clean[mlp(l)].at("0, 2"), slice: ":, 2" });
  const { logits } = await pg.patch(
    { [embedding]: new AddPatch({ value: noise }), [mlp(0)]: restored(0), [mlp(1)]: restored(1) },
    () => pg.run({ input_ids: inputs.input_ids.repeat([samples, 1]) }),
  );
  const wanted = torch.softmax(logits.at(":, -1"), -1).at(":, 9").tolist() as number[];
  const cell = trace.grids.mlp?.samples[ids.length + 2] ?? [];
  expect(cell).toHaveLength(samples);
  cell.forEach((value, i) => {
    expect(value / wanted[i]).toBeCloseTo(1, 4);
  });
});

test("the logit lens reads each block through the model's own norm and head", async () => {
  const readings = await pg.logitLens(inputs, { k: 2, target: 9, positions: [-1, 0] });
  expect(readings.map(({ layer, position }) => [layer, position])).toEqual(
    [0, 1, 2].flatMap((l) => [
      [l, 4],
      [l, 0],
    ]),
  );
  const { [block(0)]: state } = await pg.run(inputs, { outputs: [block(0)] });
  const { logits } = await pg.patch({ [block(2)]: new ReplacePatch({ value: state }) }, () => pg.run(inputs));
  const wanted = torch.softmax(logits.at("0, -1"), -1);
  const [best] = torch.topk(wanted, 1).map((part) => part.tolist() as number[]);
  expect(readings[0].top[0].probability).toBeCloseTo(best[0], 6);
  expect(readings[0].target?.probability).toBeCloseTo(Number(wanted.at([9]).item()), 6);
});

describe("embeddings are found and disturbed as numbers", () => {
  const traced = async (traceable: CausalLM): Promise<SweepResult> => {
    const graph = await PatchableGraph.capture(traceable, inputs);
    const trace = await graph.causalTrace({
      inputs,
      subject: [1, 3],
      target: 9,
      samples: 2,
      window: 1,
      kinds: ["states"],
    });
    return trace.grids.states as SweepResult;
  };
  const llama = join(FIXTURES, "gguf/llama-tiny.gguf");

  test("where they are kept in quantised blocks", async () => {
    const kept = await traced(await AutoModelForCausalLM.fromPretrained(llama, { keepQuantized: true }));
    const plain = await traced(await AutoModelForCausalLM.fromPretrained(llama));
    expect(difference(kept, plain)).toBeLessThanOrEqual(1e-5);
    expect(new Set(plain.samples.flat()).size).toBeGreaterThan(ids.length);
  });

  test("where the model brings its inputs to its device first", async () => {
    const moving = await AutoModelForCausalLM.fromPretrained(llama);
    const plain = await traced(moving);
    moving.wrapForward(([given], forward) => {
      const { input_ids } = given as { input_ids: Tensor };
      return forward([{ input_ids: moved(input_ids, "cpu") }]);
    });
    expect(difference(await traced(moving), plain)).toBe(0);
  });
});
