import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { ArgumentError, UnknownNodeError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { ReplacePatch } from "../../native/lib/patches";
import { Progress } from "../../native/lib/progress";
import { klDivergence, logitDifference, probability } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues } from "../support/parity";

const metric = logitDifference({ correct: 7, wrong: 11 });
const MODELS = [
  { name: "gpt2-tiny", block: (l: number) => `transformer.h_${l}`, attention: "attn", mix: "attn.matmul_1" },
  {
    name: "llama-tiny",
    block: (l: number) => `model.layers_${l}`,
    attention: "self_attn",
    mix: "self_attn.matmul_1",
  },
];
const LAYERS = [0, 1, 2];

describe.each(MODELS)("$name", ({ name, block, attention, mix }) => {
  // PyTorch with hooks and autograd: test/fixtures/make/make_attribution.py.
  const expected = expectedValues(`${name}.attribution`);
  const clean = { input_ids: expected.read("clean") };
  const corrupted = { input_ids: expected.read("corrupted") };
  let pg: PatchableGraph<CausalLM>;

  beforeAll(async () => {
    pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name)), clean);
  });

  /** Largest difference from PyTorch's scores, relative to the largest of them. */
  function difference(found: (Tensor | undefined)[], key: string): number {
    const wanted = expected.read(key);
    const got = torch.stack(found.map((scores) => scores ?? torch.zeros([1])));
    expect(got.shape).toEqual(wanted.shape);
    return Number(got.sub(wanted).abs().max().item()) / Number(wanted.abs().max().item());
  }

  test("tells how many runs there will be, and how many are done", async () => {
    const update = vi.spyOn(Progress.prototype, "update");
    await pg.attributionPatch({
      clean,
      corrupted,
      metric,
      nodes: LAYERS.map(block),
      by: ["token"],
      check: 5,
    });
    expect(update.mock.calls.slice(0, 3)).toEqual([[1], [2], [3]]);
    expect(update.mock.lastCall).toEqual([8, 8]);
    update.mockRestore();
  });

  test("scores are PyTorch's, for whole nodes, tokens, heads and neurons", async () => {
    const states = LAYERS.map(block);
    const mlps = LAYERS.map((l) => `${block(l)}.mlp`);
    const mixes = LAYERS.map((l) => `${block(l)}.${mix}`);
    const patterns = LAYERS.map((l) => `${block(l)}.${attention}.softmax`);
    const score = (nodes: string[], by: ("token" | "head" | "hidden" | "query")[]) =>
      pg.attributionPatch({ clean, corrupted, metric, nodes, by, check: 0 });
    const whole = await score(states, []);
    expect(
      difference(
        states.map((node) => whole.of(node)),
        "states",
      ),
    ).toBeLessThan(1e-4);
    const tokens = await score(states, ["token"]);
    expect(
      difference(
        states.map((node) => tokens.of(node)),
        "states/token",
      ),
    ).toBeLessThan(1e-4);
    const neurons = await score(mlps, ["token", "hidden"]);
    expect(
      difference(
        mlps.map((node) => neurons.of(node)),
        "mlp/token,hidden",
      ),
    ).toBeLessThan(1e-4);
    const heads = await score(mixes, ["head"]);
    expect(
      difference(
        mixes.map((node) => heads.of(node)),
        "mix/head",
      ),
    ).toBeLessThan(1e-4);
    const rows = await score(patterns, ["head", "query"]);
    expect(
      difference(
        patterns.map((node) => rows.of(node)),
        "pattern/head,query",
      ),
    ).toBeLessThan(1e-4);
    const measured = (values: readonly number[]) => torch.tensor([...values], { dtype: "float64" });
    expect(torch.allclose(measured(whole.clean), expected.read("clean_metric"), 1e-4, 1e-6)).toBe(true);
    expect(torch.allclose(measured(whole.corrupted), expected.read("corrupted_metric"), 1e-4, 1e-6)).toBe(
      true,
    );
  });

  test("dimensions come in the order asked for", async () => {
    const nodes = [`${block(1)}.mlp`];
    const request = { clean, corrupted, metric, nodes, check: 0 };
    const one = (await pg.attributionPatch({ ...request, by: ["token", "hidden"] })).of(nodes[0]);
    const other = (await pg.attributionPatch({ ...request, by: ["hidden", "token"] })).of(nodes[0]);
    expect(other && one && torch.equal(other, one.transpose(1, 2))).toBe(true);
  });

  test("the check compares with PyTorch's patched runs, and says how many places", async () => {
    const nodes = LAYERS.map(block);
    const { check } = await pg.attributionPatch({
      clean,
      corrupted,
      metric,
      nodes,
      by: ["token"],
      check: 100,
    });
    const exact = expected.read("exact/states/token").mean([1]);
    const scores = expected.read("states/token").mean([1]);
    expect(check?.n).toBe(exact.numel());
    for (const { node, place, exact: found } of check?.places ?? []) {
      expect(found).toBeCloseTo(Number(exact.at([nodes.indexOf(node), place[0]]).item()), 4);
    }
    // Pearson's correlation as NumPy's corrcoef has it.
    const wanted = torch.corrcoef(torch.stack([exact.flatten(), scores.flatten()])).at("0, 1");
    expect(check?.pearson).toBeCloseTo(Number(wanted.item()), 3);
  });

  test("every node is scored: exact where the metric is linear in it, none left out", async () => {
    const result = await pg.attributionPatch({ clean, corrupted, metric, check: 40, seed: 1 });
    const total =
      Number(expected.read("clean_metric").mean().item()) -
      Number(expected.read("corrupted_metric").mean().item());
    // The logits themselves: all of the difference.
    const logits = result.nodes.filter(({ node }) => node === "output|logits" || node === "lm_head.output");
    expect(logits.length).toBeGreaterThan(0);
    for (const { scores } of logits) expect(Number(scores.mean().item())).toBeCloseTo(total, 4);
    const scored = new Set(result.nodes.map(({ node }) => node));
    for (const l of LAYERS) expect(scored.has(pg.node(`${block(l)}.mlp`).name)).toBe(true);
    expect(scored.size).toBeGreaterThan(60);
    expect(result.check?.n).toBe(40);
    // The exact values are those of ordinary patched runs.
    for (const { node, exact } of result.check?.places.slice(0, 8) ?? []) {
      const { [node]: value } = await pg.run(clean, { outputs: [node] });
      const { logits } = await pg.patch({ [node]: new ReplacePatch({ value }) }, () => pg.run(corrupted));
      const change = logits
        .at(":, -1, 7")
        .sub(logits.at(":, -1, 11"))
        .double()
        .sub(expected.read("corrupted_metric"));
      expect(exact).toBeCloseTo(Number(change.mean().item()), 4);
    }
  });
});

describe("attributionPatch", () => {
  const [{ name, block }] = MODELS;
  const expected = expectedValues(`${name}.attribution`);
  const clean = { input_ids: expected.read("clean") };
  const corrupted = { input_ids: expected.read("corrupted") };
  const nodes = LAYERS.map(block);
  let pg: PatchableGraph<CausalLM>;

  beforeAll(async () => {
    pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name)), clean);
  });

  test("reads as a table, a list of the largest, and a grid to draw", async () => {
    const result = await pg.attributionPatch({ clean, corrupted, metric, nodes, by: ["token"], check: 10 });
    const table = result.toTable();
    expect(table).toHaveLength(3 * 6);
    const scores = expected.read("states/token").mean([1]);
    expect(table[8]).toMatchObject({ node: nodes[1], place: { token: 2 }, n: 2 });
    expect(table[8].score).toBeCloseTo(Number(scores.at([1, 2]).item()), 5);
    expect(Math.abs(result.top(1)[0].score)).toBeCloseTo(Number(scores.abs().max().item()), 5);
    const grid = result.grid(nodes);
    expect(grid.shape).toEqual([3, 6]);
    expect(grid.axes.map((axis) => axis.name)).toEqual(["layer", "token"]);
    expect(torch.allclose(grid.values, scores, 1e-4, 1e-7)).toBe(true);
    expect(String(result)).toMatch(/n = 2 texts.*\nagainst exact values: r = .* \(n = 10 places/);
    expect(() => result.grid(["nowhere"])).toThrow(/was not scored/);
  });

  test("measures KL divergence from the clean run", async () => {
    const kl = klDivergence();
    const result = await pg.attributionPatch({ clean, corrupted, metric: kl, nodes, check: 3 });
    expect(result.clean.every((value) => Math.abs(value) < 1e-6)).toBe(true);
    for (const value of result.corrupted) expect(value).toBeGreaterThan(0);
    // The clean value in place of the last state: the clean prediction.
    const last = result.check?.places.find(({ node }) => node === nodes[2]);
    const mean = result.corrupted.reduce((a, b) => a + b) / result.corrupted.length;
    expect(last?.exact).toBeCloseTo(-mean, 5);
  });

  test("patches in force hold in both runs", async () => {
    const frozen = new ReplacePatch({ value: torch.zeros([32]) });
    const result = await pg.patch({ [block(0)]: frozen }, () =>
      pg.attributionPatch({ clean, corrupted, metric, nodes: nodes.slice(1), check: 0 }),
    );
    // With the first block's output the same in both runs nothing after it differs.
    for (const { score } of result.toTable()) expect(Math.abs(score)).toBeLessThan(1e-6);
  });

  test("nodes without the dimension asked for are told", async () => {
    const mix = `${block(0)}.attn.matmul_1`;
    const result = await pg.attributionPatch({
      clean,
      corrupted,
      metric,
      nodes: [mix, block(0)],
      by: ["head"],
      check: 0,
    });
    expect(result.skipped).toEqual([block(0)]);
    expect(result.nodes.map(({ node }) => node)).toEqual([mix]);
  });

  test("what cannot be scored is refused", async () => {
    const ask = (change: object) => pg.attributionPatch({ clean, corrupted, metric, nodes, ...change });
    await expect(ask({ metric: { ...probability({ token: 3 }), score: undefined } })).rejects.toThrow(
      /with a gradient/,
    );
    await expect(ask({ clean: { input_ids: clean.input_ids.at(":, :4") } })).rejects.toThrow(
      /as many tokens/,
    );
    await expect(ask({ nodes: ["transformer.h_9"] })).rejects.toThrow(UnknownNodeError);
    await expect(ask({ nodes: ["transformer.wte.weight"] })).rejects.toThrow(/does not lie between/);
    await expect(ask({ by: ["head"] })).rejects.toThrow(ArgumentError);
  });
});
