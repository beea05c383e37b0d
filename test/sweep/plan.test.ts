import { beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { AddPatch, CustomPatch, ReplacePatch } from "../../native/lib/patches";
import { logProbability, type SweepOptions } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";

const [LAYERS, WIDTH, HEADS, VOCABULARY, LENGTH] = [4, 32, 2, 90, 10];
const block = (l: number) => `transformer.h_${l}`;
const mlp = (l: number) => `transformer.h_${l}.mlp`;

/** Floating-point operations of matrix products, counted by hand. */
const INPUT = 2 * WIDTH * 3 * WIDTH;
const REST = 2 * WIDTH * (1 + 4 + 4) * WIDTH;
const ATTENTION = 2 * 2 * LENGTH * WIDTH;
/** Of a block at one position. */
const BLOCK = INPUT + ATTENTION + REST;
const HEAD = 2 * WIDTH * VOCABULARY;
const RUN = LENGTH * (LAYERS * BLOCK + HEAD);

/** What follows on queries, keys and values of a block, for each position that sees the change. */
const SEEING = ATTENTION + REST;

/**
 * A block's output changed at position `t`: the next block's queries, keys and values there, all else from there on. The head where the
 * last block's output has changed.
 */
function workOfCell(l: number, t: number): number {
  const positions = LENGTH - t;
  if (l === LAYERS - 1) return HEAD;
  return INPUT + positions * (SEEING + (LAYERS - 2 - l) * BLOCK + HEAD);
}

let model: CausalLM;
let pg: PatchableGraph<CausalLM>;
let inputs: { input_ids: Tensor };
const metric = logProbability({ token: 7 });

beforeAll(async () => {
  torch.manual_seed(0);
  const shape = { n_layer: LAYERS, n_embd: WIDTH, n_head: HEADS, vocab_size: VOCABULARY, n_positions: 16 };
  model = await AutoModelForCausalLM.fromConfig({ model_type: "gpt2", ...shape });
  inputs = { input_ids: torch.randint(0, VOCABULARY, [1, LENGTH]) };
  pg = await PatchableGraph.capture(model, inputs);
});

const restored = new Map<string, ReplacePatch>();
/** The same object for the same node and token. */
function restore(node: string, t: number): [string, ReplacePatch] {
  const key = `${t} ${node}`;
  const patch = restored.get(key) ?? new ReplacePatch({ value: torch.randn([WIDTH]), slice: [{}, t] });
  restored.set(key, patch);
  return [node, patch];
}
const window = (from: number, to: number, t: number) =>
  Object.fromEntries(Array.from({ length: to - from }, (_, i) => restore(mlp(from + i), t)));

describe("a plan's work", () => {
  // Of all positions, so that none is left out.
  const whole = ({ logits }: Record<string, Tensor>) => logits.sum();
  const planOf = (cells: SweepOptions["cells"], more: Partial<SweepOptions> = {}) =>
    pg.sweep.plan({ inputs, cells, metric: whole, ...more });
  const workOf = async (...given: Parameters<typeof planOf>) => (await planOf(...given)).work;

  test("of a map is what its cells have to compute, counted by hand", async () => {
    const places = Array.from({ length: LAYERS * LENGTH }, (_, i) => [Math.floor(i / LENGTH), i % LENGTH]);
    const cells = places.map(([l, t]) => ({
      [block(l)]: new AddPatch({ value: torch.randn([WIDTH]), slice: [{}, t] }),
    }));
    const byHand = places.reduce((sum, [l, t]) => sum + workOfCell(l, t), RUN);
    const plan = await planOf(cells);
    expect(plan.work / byHand).toBeCloseTo(1, 6);
    expect(plan.naiveWork).toBe(cells.length * RUN);
  });

  test("counts once what windows that overlap have in common", async () => {
    const [long, short] = [window(0, 3, 4), window(0, 2, 4)];
    const [apart, other] = [await workOf([long]), await workOf([short])];
    const together = await workOf([long, short]);
    // They part at the third MLP: blocks 1 and 2 are the same in both.
    const same = INPUT + (LENGTH - 4) * (SEEING + BLOCK);
    expect((apart + other - together - RUN) / same).toBeCloseTo(1, 6);
    expect(await workOf([long, short], { levels: { shared: false } })).toBe(apart + other - RUN);
    expect(await workOf([long, long])).toBe(apart);
  });

  test("is that of the position that the metric reads alone, once positions do not see one another", async () => {
    // Blocks ask for the sizes of what they are given: that needs none of its positions.
    const at = (t: number) => [{ [`${block(LAYERS - 1)}.ln_2`]: new AddPatch({ value: 1, slice: [{}, t] }) }];
    expect(await workOf(at(LENGTH - 2), { metric })).toBe(RUN);
    expect(await workOf(at(LENGTH - 1), { metric })).toBeGreaterThan(RUN);
  });

  test("counts what later patches of a cell add, and what they take away", async () => {
    const late = { [block(0)]: new AddPatch({ value: 1, slice: ":, 6" }) };
    const early = { [block(1)]: new AddPatch({ value: 1, slice: ":, 2" }) };
    // Block 1 from position 6 on; block 2 has new queries, keys and values at 8 positions in the place of one.
    const added = (await workOf([{ ...late, ...early }])) - (await workOf([early]));
    expect(added / (INPUT + 4 * SEEING + 7 * INPUT)).toBeCloseTo(1, 6);
    // Nothing is left of what the cell had.
    const replaced = { [block(2)]: new ReplacePatch({ value: torch.randn([1, LENGTH, WIDTH]) }) };
    const before = (await workOf([{ ...late, ...replaced }])) - (await workOf([replaced]));
    expect(before / (INPUT + 4 * SEEING + 4 * BLOCK)).toBeCloseTo(1, 6);
  });
});

test("a plan calls no patch of JavaScript in its cells, and says how long they would take all the same", async () => {
  let calls = 0;
  const custom = new CustomPatch({
    op: (x: Tensor) => {
      calls += 1;
      return x;
    },
  });
  const plain = Array.from({ length: LENGTH }, (_, t) => Object.fromEntries([restore(block(0), t)]));
  const plan = await pg.sweep.plan({ inputs, cells: [...plain, { [block(1)]: custom }], metric });
  expect(calls).toBe(0);
  expect(plan.expectedTime).toBeGreaterThan(0);
  const alone = await pg.sweep.plan({ inputs, cells: [{ [block(1)]: custom }], metric });
  expect(calls).toBe(0);
  expect(alone.expectedTime).toBeGreaterThan(0);
});

describe("a plan for other inputs than those of the capture", () => {
  test("counts more texts and longer ones", async () => {
    const longer = { input_ids: torch.randint(0, VOCABULARY, [3, LENGTH + 2]) };
    const recaptured = await PatchableGraph.capture(model, longer);
    const cells = [{ [block(1)]: new AddPatch({ value: 1, slice: ":, 3" }) }];
    const [known, other] = [
      await recaptured.sweep.plan({ inputs: longer, cells, metric }),
      await pg.sweep.plan({ inputs: longer, cells, metric }),
    ];
    expect(other.naiveWork / known.naiveWork).toBeCloseTo(1, 6);
    expect(other.work / known.work).toBeCloseTo(1, 6);
  });

  test("does not take the values of many texts for those of one", async () => {
    const many = { input_ids: torch.randint(0, VOCABULARY, [64, LENGTH]) };
    const cells = [{ [block(0)]: new AddPatch({ value: 1, slice: ":, 3" }) }];
    const { bytes } = await pg.sweep.plan({ inputs: many, cells, metric });
    // The base run's values do not fit, whatever one text would need: the cell is run as it is.
    const result = await pg.sweep({ inputs: many, cells, metric, memoryLimit: bytes / 4 });
    const why = result.levels.find(({ level }) => level === "upstream")?.why;
    expect(why).toMatch(/do not fit the memory limit/);
  });
});
