import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { ReplacePatch } from "../../native/lib/patches";
import {
  klDivergence,
  logitDifference,
  logProbability,
  type Metric,
  probability,
} from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { FIXTURES } from "../support/files";
import { expectedValues } from "../support/parity";

const TOKENS = [7, 12];
const METRICS: [string, Metric][] = [
  ["probability", probability({ token: TOKENS })],
  ["log-probability", logProbability({ token: TOKENS })],
  ["logit-difference", logitDifference({ correct: TOKENS, wrong: 11 })],
  ["kl", klDivergence()],
];
const BLOCKS = {
  "gpt2-tiny": (l: number) => `transformer.h_${l}`,
  "llama-tiny": (l: number) => `model.layers_${l}`,
};

// PyTorch with one hooked run a cell: test/fixtures/make/make_sweeps.py.
describe.each(["gpt2-tiny", "llama-tiny"] as const)("%s, as in PyTorch", (name) => {
  const expected = expectedValues(`${name}.sweeps`);
  const [clean, corrupted] = ["clean", "corrupted"].map((key) => ({ input_ids: expected.read(key) }));
  const [layers, tokens] = expected.read("states/kl").shape;
  const block = BLOCKS[name];
  let pg: PatchableGraph<CausalLM>;
  let values: Record<string, Tensor>;

  beforeAll(async () => {
    pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name)), clean);
    const outputs = Array.from({ length: layers }, (_, l) => [block(l), `${block(l)}.mlp`]).flat();
    values = await pg.run(clean, { outputs });
  });

  const put = (node: string, token: number) =>
    [node, new ReplacePatch({ value: values[node].at([{}, token]), slice: [{}, token] })] as const;
  const cellsOf = (kind: string) =>
    Array.from({ length: layers }, (_, l) =>
      Array.from({ length: tokens }, (_, t) =>
        Object.fromEntries(
          kind === "states"
            ? [put(block(l), t)]
            : [l - 1, l].filter((at) => at >= 0).map((at) => put(`${block(at)}.mlp`, t)),
        ),
      ),
    );

  describe.each(["states", "window"])("%s", (kind) => {
    test.each(METRICS)("%s", async (key, metric) => {
      const wanted = expected.read(`${kind}/${key}`);
      const base = expected.read(`base/${key}`).tolist() as number[];
      const scale = Number(wanted.abs().max().item());
      for (const exact of [false, true]) {
        const map = await pg.sweep({ inputs: corrupted, cells: cellsOf(kind), metric, exact });
        const found = map.samples.flat();
        (wanted.flatten().tolist() as number[]).forEach((value, i) => {
          expect(Math.abs(found[i] - value) / scale).toBeLessThanOrEqual(1e-5);
        });
        map.base.forEach((value, text) => {
          expect(Math.abs(value - base[text]) / scale).toBeLessThanOrEqual(1e-5);
        });
      }
    });
  });

  test("the logit lens", async () => {
    for (const batch of [0, 1]) {
      const readings = await pg.logitLens(clean, { batch, k: 3, target: 7 });
      const lens = expected.read("lens").at([{}, batch]).tolist() as number[][];
      readings.forEach(({ layer, top, target }) => {
        const sorted = lens[layer].map((p, id) => ({ id, p })).sort((a, b) => b.p - a.p);
        expect(top.map(({ id }) => id)).toEqual(sorted.slice(0, 3).map(({ id }) => id));
        top.forEach(({ probability }, i) => {
          expect(probability / sorted[i].p).toBeCloseTo(1, 4);
        });
        expect(target?.rank).toBe(sorted.findIndex(({ id }) => id === 7));
        expect((target?.probability ?? 0) / lens[layer][7]).toBeCloseTo(1, 4);
      });
      expect(readings).toHaveLength(layers);
    }
  });
});
