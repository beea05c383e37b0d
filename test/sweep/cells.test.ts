import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ArgumentError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { AddPatch, ScalePatch } from "../../native/lib/patches";
import { logProbability } from "../../native/lib/sweep";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { MODELS } from "../support/parity";

const ids = [5, 17, 3, 42, 8];
const inputs = { input_ids: torch.tensor([ids], { dtype: "int64" }) };
const [{ name, block, layers }] = MODELS;
let pg: PatchableGraph<CausalLM>;

beforeAll(async () => {
  pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name)), inputs);
});

/** Blocks × tokens, with a vector added to each. */
function cells() {
  torch.manual_seed(1);
  return Array.from({ length: layers }, (_, l) =>
    ids.map((_, t) => ({ [block(l)]: new AddPatch({ value: torch.randn([32]), slice: [{}, t] }) })),
  );
}

test("a cell gives its patches, and runs again as a patched run by hand does", async () => {
  const metric = logProbability({ token: 9 });
  const axes = ["layer", { name: "token", labels: ["a", "b", "c", "d", "e"] }];
  const scale = { [block(0)]: new ScalePatch({ factor: 2 }) };
  // A scope around the sweep is in force when a cell runs again, after the scope has ended.
  const map = await pg.patch(scale, () => pg.sweep({ inputs, cells: cells(), metric, axes }));
  const cell = map.cell(layers - 1, 2);
  expect(cell.place).toEqual({ layer: String(layers - 1), token: "c" });
  const [again] = await cell.run();
  const { logits } = await pg.patch(scale, () => pg.patch(cell.patches, () => pg.run(inputs)));
  const byHand = Number(logits.at("0, -1").log_softmax(-1).at([9]).item());
  expect(again).toBeCloseTo(byHand, 6);
  expect(again).toBeCloseTo(map.samples[(layers - 1) * ids.length + 2][0], 4);
});

test("cells of a causal trace run again with the same noise", async () => {
  const trace = await pg.causalTrace({
    inputs,
    subject: [1, 3],
    target: 9,
    samples: 3,
    window: 2,
    kinds: ["mlp"],
  });
  const { mlp } = trace.grids;
  const again = await mlp?.cell(1, 2).run();
  expect(again).toHaveLength(3);
  again?.forEach((value, i) => {
    expect(value).toBeCloseTo(mlp?.samples[ids.length + 2][i] ?? Number.NaN, 5);
  });
});

test("a cell that is not there is refused", async () => {
  const map = await pg.sweep({ inputs, cells: cells(), metric: logProbability({ token: 9 }) });
  for (const wrong of [[0], [layers, 0], [0, -1], [0, 0.5], [0, 0, 0]]) {
    expect(() => map.cell(...wrong)).toThrow(ArgumentError);
  }
});
