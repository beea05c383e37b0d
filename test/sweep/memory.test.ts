import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM } from "../../native/lib/models";
import { AddPatch } from "../../native/lib/patches";
import { logProbability, type SweepOptions } from "../../native/lib/sweep";
import { torch } from "../../native/lib/torch";

const MEASURES = "/proc/self/clear_refs";
const [LAYERS, TEXTS, LENGTH] = [4, 8, 48];

function resident(field: "VmRSS" | "VmHWM"): number {
  const line = readFileSync("/proc/self/status", "utf8")
    .split("\n")
    .find((text) => text.startsWith(field));
  return Number(line?.split(/\s+/)[1]) * 1024;
}

/** Bytes by which the process grows while `work` is done, at most. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  writeFileSync(MEASURES, "5");
  const before = resident("VmRSS");
  await work();
  return resident("VmHWM") - before;
}

test.skipIf(!existsSync(MEASURES))("a sweep takes no more memory than it may", async () => {
  torch.manual_seed(0);
  const shape = { n_layer: LAYERS, n_embd: 128, n_head: 4, vocab_size: 500, n_positions: 64 };
  const model = await AutoModelForCausalLM.fromConfig({ model_type: "gpt2", ...shape });
  const inputs = { input_ids: torch.randint(0, 500, [TEXTS, LENGTH]) };
  const pg = await PatchableGraph.capture(model, inputs);
  const cells = Array.from({ length: LAYERS }, (_, l) =>
    Array.from({ length: LENGTH }, (_, t) => ({
      [`transformer.h_${l}`]: new AddPatch({ value: torch.randn([128]), slice: [{}, t] }),
    })),
  );
  const options: SweepOptions = { inputs, cells, metric: logProbability({ token: 7 }) };
  const small = cells[LAYERS - 1].slice(-2);
  // What stays: the base run's values, memory that is kept for later.
  await pg.sweep({ ...options, cells: small });
  const free = await pg.sweep.plan(options);
  // Step by step with all cells at once, what is there is known; groups of cells need less than that.
  const atOnce: SweepOptions = { ...options, levels: { groups: false } };
  const { bytes } = await pg.sweep.plan(atOnce);
  const peak = await peakOf(() => pg.sweep(atOnce));
  expect(bytes / peak).toBeGreaterThan(0.7);
  expect(bytes / peak).toBeLessThan(1.7);
  expect(free.bytes).toBeLessThan(bytes);
  const unlimited = await peakOf(() => pg.sweep(options));
  const memoryLimit = Math.ceil(unlimited * 0.6);
  const plan = await pg.sweep.plan({ ...options, memoryLimit });
  expect(plan.bytes).toBeLessThanOrEqual(memoryLimit);
  expect(plan.batches).toBeGreaterThan(free.batches);
  // The limit is what keeps it so: without it more was taken.
  expect(await peakOf(() => pg.sweep({ ...options, memoryLimit }))).toBeLessThanOrEqual(memoryLimit);
});
