import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import {
  AddPatch,
  CustomPatch,
  MeanPatch,
  type Patch,
  ProjectPatch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from "../../native/lib/patches";
import {
  klDivergence,
  logitDifference,
  logProbability,
  type Metric,
  type MetricFunction,
  probability,
  type SweepOptions,
} from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues, INPUTS, inputsOf, MODELS } from "../support/parity";
import { compare, difference, used } from "./support";

const LEVELS = ["upstream", "batch", "causal", "positions", "groups", "onednn"] as const;

describe.each(MODELS.slice(0, 2))("$name", ({ name, layers, block, act, pattern, mix }) => {
  const expected = expectedValues(name);
  let model: CausalLM;
  const graphs = new Map<string, PatchableGraph<CausalLM>>();

  beforeAll(async () => {
    model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name));
    for (const input of INPUTS)
      graphs.set(input, await PatchableGraph.capture(model, { ...inputsOf(expected, input) }));
  });

  function setUp(input: string) {
    const pg = graphs.get(input) as PatchableGraph<CausalLM>;
    const inputs = inputsOf(expected, input);
    const [batch, length] = inputs.input_ids.shape;
    return { pg, inputs, batch, length };
  }

  const layerList = Array.from({ length: layers }, (_, i) => i);

  describe.each(INPUTS)("input %s", (input) => {
    test("a layer × position map uses every level, each of which gives what ordinary runs give", async () => {
      const { pg, inputs, length } = setUp(input);
      torch.manual_seed(1);
      const values = layerList.map(() => torch.randn([length, 32]));
      const width = (await pg.run(inputs, { outputs: [block(0)] }))[block(0)].shape[2];
      const cells = layerList.map((l) =>
        Array.from({ length: 4 }, (_, t) => ({
          [block(l)]: new ReplacePatch({ value: values[l].at([t, { stop: width }]), slice: [{}, t] }),
        })),
      );
      // On all processors.
      const levels = { onednn: true };
      const options: SweepOptions = { inputs, cells, metric: logProbability({ token: 7 }), levels };
      const { exact, all } = await compare(pg, options);
      const count = layers * 4;
      expect(used(all)).toEqual({
        outputs: count,
        upstream: count,
        shared: 0,
        batch: count,
        // Positions that are padded on the left see all others.
        causal: input === "left" ? expect.any(Number) : count,
        positions: count,
        // By threads: too few rows, or enough.
        groups: expect.any(Number),
        onednn: count,
      });
      const none = { upstream: 0, shared: 0, batch: 0, causal: 0, positions: 0, groups: 0, onednn: 0 };
      expect(used(exact)).toEqual({ outputs: count, ...none });
      expect(all.shape).toEqual([layers, 4]);
      await pg.optimize();
      const packed = await pg.sweep(options);
      await pg.optimize(false);
      expect(used(packed).onednn).toBe(count);
      expect(difference(packed, exact)).toBeLessThanOrEqual(1e-5);
      for (const level of input === "left" ? LEVELS : []) {
        const without = await pg.sweep({ ...options, levels: { [level]: false } });
        expect(used(without)[level]).toBe(0);
        expect(difference(without, exact)).toBeLessThanOrEqual(1e-5);
      }
    });

    test("exact cells are ordinary patched runs", async () => {
      const { pg, inputs } = setUp(input);
      const cells = layerList.map((l) => ({ [block(l)]: new ScalePatch({ factor: 0.5, slice: ":, 1" }) }));
      const result = await pg.sweep({ inputs, cells, metric: logProbability({ token: 3 }), exact: true });
      for (const l of layerList) {
        const { logits } = await pg.patch(cells[l], () => pg.run(inputs));
        const wanted = torch.log_softmax(logits.at(":, -1"), -1).at(":, 3").tolist() as number[];
        wanted.forEach((value, i) => {
          expect(result.samples[l][i]).toBeCloseTo(value, 6);
        });
      }
    });

    test("all kinds of patches, on one node and on several that depend on each other", async () => {
      const { pg, inputs, batch } = setUp(input);
      const { [mix(1)]: mixed } = await pg.run(inputs, { outputs: [mix(1)] });
      const width = mixed.shape[2];
      torch.manual_seed(2);
      const vector = () => torch.randn([width]);
      const kinds: (() => Patch)[] = [
        () => new ZeroPatch({ slice: ":, 2" }),
        () => new AddPatch({ value: vector(), slice: "0, 1:" }),
        () => new ReplacePatch({ value: vector() }),
        () => new ScalePatch({ factor: 1.5 }),
        () => new MeanPatch({ over: "positions" }),
        () => new MeanPatch({ over: "batch", slice: ":, -1" }),
        () => new ProjectPatch({ direction: vector() }),
        () => new CustomPatch({ op: (x: Tensor) => x.flip([1]) }),
      ];
      const single = [...kinds, ...kinds].map((make) => ({ [mix(1)]: make() }));
      await compare(pg, { inputs, cells: single, metric: probability({ token: 5 }) });
      const several = [kinds, [...kinds].reverse()].map((list) =>
        list.map((make, i) => ({
          [mix(0)]: [make(), kinds[i]()],
          [block(1)]: make(),
          [mix(2)]: new AddPatch({ value: 0.25, slice: "..., 3" }),
        })),
      );
      const { all } = await compare(pg, { inputs, cells: several, metric: klDivergence({ position: -2 }) });
      expect(used(all).batch).toBe(2 * kinds.length);
      expect(all.samples[0]).toHaveLength(batch);
    });

    test("attention patterns, activations and weights", async () => {
      const { pg, inputs } = setUp(input);
      const cells = [
        ...layerList.map((l) => ({ [pattern(l)]: new ZeroPatch({ slice: ":, 1" }) })),
        ...layerList.map((l) => ({ [act(l)]: new ScalePatch({ factor: 2, slice: "..., ::2" }) })),
        {
          [`${act(0).split(".mlp")[0]}.mlp.${name === "gpt2-tiny" ? "c_fc" : "up_proj"}.weight`]:
            new ScalePatch({ factor: 0.9 }),
        },
      ];
      const metric = logitDifference({ correct: 4, wrong: 9, position: 1 });
      const { all } = await compare(pg, { inputs, cells, metric });
      expect(used(all).upstream).toBe(cells.length);
    });

    test("patches that hold in every cell, around the sweep and in it", async () => {
      const { pg, inputs } = setUp(input);
      const metric = logProbability({ token: 2 });
      const cells = layerList.map((l) =>
        [0, 1, 2].map((t) => ({ [act(l)]: new ZeroPatch({ slice: [{}, t] }) })),
      );
      const base = {
        [block(0)]: new ScalePatch({ factor: 1.1 }),
        [mix(2)]: new AddPatch({ value: 0.1, slice: ":, 1" }),
      };
      const outer = { [act(1)]: new AddPatch({ value: 0.3 }) };
      const { all, exact } = await pg.patch(outer, () => compare(pg, { inputs, cells, metric, base }));
      const both = { ...cells[1][2], ...base, [act(1)]: [outer[act(1)], cells[1][2][act(1)]] };
      const { logits } = await pg.patch(both, () => pg.run(inputs));
      const [wanted] = torch.log_softmax(logits.at(":, -1"), -1).at(":, 2").tolist() as number[];
      expect(exact.samples[5][0]).toBeCloseTo(wanted, 5);
      expect(all.base).toHaveLength(exact.base.length);
    });

    test("functions of outputs, whole or at some positions", async () => {
      const { pg, inputs, batch } = setUp(input);
      const cells = layerList.map((l) =>
        [0, 1].map((t) => ({ [mix(l)]: new ZeroPatch({ slice: [{}, t] }) })),
      );
      const whole: MetricFunction = ({ [block(2)]: hidden }) => Number(hidden.pow(2).mean().item());
      const { all } = await compare(pg, { inputs, cells, metric: whole, outputs: [block(2)] });
      expect(all.samples[0]).toHaveLength(1);
      const perText: MetricFunction = ({ "output|logits": logits }) => logits.at("..., 1").sum(1);
      const cut = await compare(pg, { inputs, cells, metric: perText, positions: [1, -1] });
      expect(cut.all.samples[0]).toHaveLength(batch);
      expect(used(cut.all).positions).toBe(2 * layers);
    });
  });

  test("positions and tokens of each text", async () => {
    const { pg, inputs, batch } = setUp("right");
    const rows = Array.from({ length: batch }, (_, i) => i);
    const metric: Metric = logProbability({ token: rows, position: rows.map((i) => i + 1) });
    const cells = layerList.map((l) =>
      [0, 1].map((t) => ({ [block(l)]: new ZeroPatch({ slice: [{}, t] }) })),
    );
    const { all } = await compare(pg, { inputs, cells, metric });
    const { logits } = await pg.run(inputs);
    rows.forEach((i) => {
      expect(all.base[i]).toBeCloseTo(
        Number(
          torch
            .log_softmax(logits.at([i, i + 1]), -1)
            .at([i])
            .item(),
        ),
        5,
      );
    });
  });
});
