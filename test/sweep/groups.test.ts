import { beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { AddPatch, CustomPatch, ReplacePatch } from "../../native/lib/patches";
import { logProbability, SweepCancelledError, type SweepOptions } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { compare, difference, used } from "./support";

// Enough rows for several groups a thread, and wide enough for each to be taken in several strips.
const [LAYERS, TEXTS, LENGTH, INNER] = [4, 6, 12, 2048];
const SIZES = {
  gpt2: { n_layer: LAYERS, n_embd: 32, n_inner: INNER, n_head: 2, vocab_size: 90, n_positions: 16 },
  llama: {
    num_hidden_layers: LAYERS,
    hidden_size: 32,
    intermediate_size: INNER,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    vocab_size: 90,
  },
};
const NODES = {
  gpt2: {
    block: (l: number) => `transformer.h_${l}`,
    mlp: (l: number) => `transformer.h_${l}.mlp`,
    keys: "transformer.h_1.attn.c_attn",
  },
  llama: {
    block: (l: number) => `model.layers_${l}`,
    mlp: (l: number) => `model.layers_${l}.mlp`,
    keys: "model.layers_1.self_attn.k_proj",
  },
};

describe.each(["gpt2", "llama"] as const)("%s", (type) => {
  const { block, mlp, keys } = NODES[type];
  let pg: PatchableGraph<CausalLM>;
  let inputs: { input_ids: Tensor };
  const metric = logProbability({ token: 7 });

  beforeAll(async () => {
    torch.manual_seed(0);
    torch.setNumThreads(2);
    const model = await AutoModelForCausalLM.fromConfig({ model_type: type, ...SIZES[type] });
    inputs = { input_ids: torch.randint(0, 90, [TEXTS, LENGTH]) };
    pg = await PatchableGraph.capture(model, inputs);
  });

  const map = (): SweepOptions => ({
    inputs,
    metric,
    cells: Array.from({ length: LAYERS }, (_, l) =>
      Array.from({ length: LENGTH }, (_, t) => ({
        [block(l)]: new AddPatch({ value: torch.randn([32]), slice: [{}, t] }),
      })),
    ),
  });

  test("groups of cells give what ordinary runs give, with and without", async () => {
    const { exact, all } = await compare(pg, map());
    expect(used(all).groups).toBe(LAYERS * LENGTH);
    const options = map();
    const [together, apart] = [
      await pg.sweep(options),
      await pg.sweep({ ...options, levels: { groups: false } }),
    ];
    expect(used(apart).groups).toBe(0);
    expect(difference(together, apart)).toBeLessThanOrEqual(1e-6);
    expect(exact.done).toBe(LAYERS * LENGTH);
  });

  test("values that no mask hides are computed at all positions, in groups too", async () => {
    const cells = (map().cells as Record<string, AddPatch>[][]).flat();
    const wild = [1e12, Number.POSITIVE_INFINITY].map((value) => ({
      [keys]: new AddPatch({ value, slice: [{}, 1] }),
    }));
    const options = { ...map(), cells: [...cells, ...wild] };
    const { exact, all } = await compare(pg, options);
    expect(used(all).groups).toBeGreaterThan(0);
    expect(used(all).causal).toBe(cells.length);
    // Infinite scores make what is no number, everywhere that sees them.
    expect(exact.samples.at(-1)?.every(Number.isNaN)).toBe(true);
    expect(all.samples.at(-1)?.every(Number.isNaN)).toBe(true);
  });

  describe("cells that begin with the same patches", () => {
    const restored = new Map<string, ReplacePatch>();
    /** The same object for the same node and token. */
    const restore = (l: number, t: number) => {
      const patch =
        restored.get(`${l} ${t}`) ?? new ReplacePatch({ value: torch.randn([32]), slice: [{}, t] });
      restored.set(`${l} ${t}`, patch);
      return patch;
    };
    const window = (from: number, to: number, t: number) =>
      Object.fromEntries(
        Array.from({ length: to - from }, (_, i) => [mlp(from + i), restore(from + i, t)] as const),
      );
    const windows = () =>
      Array.from({ length: LENGTH }, (_, t) => [
        window(0, 2, t),
        window(0, 3, t),
        window(0, 4, t),
        window(1, 3, t),
        // The very same as another.
        window(0, 3, t),
      ]).flat();

    test("are the same until they part", async () => {
      const { all } = await compare(pg, { inputs, metric, cells: windows() });
      // All but those that begin elsewhere.
      expect(used(all).shared).toBe(4 * LENGTH);
      const same = await pg.sweep({ inputs, metric, cells: [window(0, 3, 2), window(0, 3, 2)] });
      expect(same.samples[0]).toEqual(same.samples[1]);
      const off = await pg.sweep({ inputs, metric, cells: windows(), levels: { shared: false } });
      expect(used(off).shared).toBe(0);
      expect(difference(off, all)).toBeLessThanOrEqual(1e-5);
    });

    test("leave a wave together, and part at what JavaScript does", async () => {
      let calls = 0;
      const custom = new CustomPatch({
        op: (value) => {
          calls += 1;
          return (value as Tensor).mul(1 + calls / 10);
        },
      });
      const cells = [
        { ...window(0, 2, 1), [block(2)]: custom },
        { ...window(0, 2, 1), [block(2)]: custom },
        { ...window(0, 2, 1), [block(3)]: restore(3, 5) },
      ];
      const result = await pg.sweep({ inputs, metric, cells });
      // Once for each cell: what it does may change from call to call.
      expect(calls).toBe(2);
      expect(result.samples[0]).not.toEqual(result.samples[1]);
      // What takes one of them out of the wave takes the other one, too.
      const shorter = new CustomPatch({ op: (value) => (value as Tensor).narrow(1, 0, 2) });
      const failing = [1, 2].map(() => ({ [mlp(0)]: restore(0, 1), [block(3)]: shorter }));
      const [together, exact] = await Promise.all(
        [false, true].map((exact) => pg.sweep({ inputs, metric, cells: failing, exact }).catch(String)),
      );
      expect(together).toMatch(/Error/);
      expect(together).toBe(exact);
    });
  });

  test("a sweep can be cancelled within a group", async () => {
    const abort = new AbortController();
    const options = map();
    const whole = await pg.sweep(options);
    setImmediate(() => abort.abort());
    const error = await pg.sweep({ ...options, signal: abort.signal }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SweepCancelledError);
    const resumed = await pg.sweep({ ...options, resume: (error as SweepCancelledError).result });
    expect(difference(resumed, whole)).toBeLessThanOrEqual(1e-6);
  });
});
