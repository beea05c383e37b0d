import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AddPatch, MeanPatch, ReplacePatch, ScalePatch, ZeroPatch } from "../../native/lib/patches";
import { type Cells, logProbability, type SweepOptions } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { DECODERS, expectedValues, INPUTS, inputsOf, MODELS } from "../support/parity";
import { compare, used } from "./support";

describe.each(MODELS)("$name", ({ name, load, layers, hidden, block, pattern, act, mlp, mix }) => {
  const isCausal = name !== "bert-tiny";
  const layerList = Array.from({ length: layers }, (_, i) => i);

  test.each(INPUTS)("cells of all kinds, in one sweep, input %s", async (input) => {
    const inputs = inputsOf(expectedValues(name), input);
    const model = await load(join(FIXTURES, name));
    const pg = await PatchableGraph.capture(model, { ...inputs });
    const length = inputs.input_ids.shape[1];
    torch.manual_seed(3);
    const vector = () => torch.randn([hidden]);
    const at = (t: number) => [{}, t] as const;
    const positions = Array.from({ length: Math.min(length, 4) }, (_, t) => t + length - Math.min(length, 4));
    const kinds: ((l: number, t: number) => object)[] = [
      (l, t) => ({ [block(l)]: new ReplacePatch({ value: vector(), slice: [...at(t)] }) }),
      (l, t) => ({ [mlp(l)]: new AddPatch({ value: vector(), slice: [{}, { start: t, stop: t + 2 }] }) }),
      // Attention patterns, by head and query.
      (l, t) => ({ [pattern(l)]: new ZeroPatch({ slice: [{}, 0, t] }) }),
      // A window of layers, whose cells depend on themselves.
      (l, t) => ({
        [mlp(0)]: new ScalePatch({ factor: 0.5, slice: [...at(t)] }),
        [act(l)]: new ScalePatch({ factor: 1.5, slice: [{}, t, { start: 0, step: 2 }] }),
        [block(l)]: new AddPatch({ value: vector(), slice: [{}, t] }),
      }),
      (l) => ({ [mix(l)]: new MeanPatch({ over: "positions" }) }),
    ];
    const cells = kinds.map((make) => layerList.map((l) => positions.map((t) => make(l, t))));
    const options: SweepOptions = { inputs, cells: cells as Cells, metric: logProbability({ token: 5 }) };
    const { all } = await compare(pg, options);
    const count = kinds.length * layers * positions.length;
    expect(used(all)).toMatchObject({ outputs: count, upstream: count, batch: count, positions: count });
    // Padded positions that see no other see all alike: with the weights of a softmax over nothing.
    if (isCausal && input === "plain") {
      expect(used(all).causal).toBe(count);
    } else if (!isCausal || input === "left") {
      expect(used(all).causal).toBeLessThan(count);
      const why = all.levels.find(({ level }) => level === "causal")?.why;
      expect(why).toMatch(/earlier positions see later ones|nothing hides later positions/);
    }
    const whole = await compare(pg, { ...options, levels: { causal: false, positions: false } });
    expect(used(whole.all).causal).toBe(0);
  });
});

test.each(DECODERS)(
  "$name: heads by TransformerLens' names, and a metric of the logits as a run returns them",
  async (places) => {
    const { name, load, layers } = places;
    const inputs = inputsOf(expectedValues(name), "left");
    const pg = await PatchableGraph.capture(await load(join(FIXTURES, name)), inputs);
    const heads = pg.node("blocks.0.attn.hook_z").shape?.[2] as number;
    const slices = Array.from({ length: heads }, (_, head) => `:, :, ${head}`);
    const cells = Array.from({ length: layers }, (_, layer) =>
      slices.map((slice) => ({ [`blocks.${layer}.attn.hook_z`]: new ZeroPatch({ slice }) })),
    );
    const metric = ({ logits }: Record<string, Tensor>) => logits.at("0, -1").log_softmax(-1).at(7);
    const map = await pg.sweep({ inputs, cells, metric });
    for (const [layer, row] of cells.entries()) {
      for (const [head, patches] of row.entries()) {
        const { logits } = await pg.patch(patches, () => pg.run(inputs));
        expect(map.values.at([layer, head]).item()).toBeCloseTo(Number(metric({ logits }).item()), 5);
      }
    }
  },
);
