import {
  type CausalLM,
  logProbability,
  PatchableGraph,
  type PatchMap,
  ProbePatch,
  ReplacePatch,
  torch,
} from "@graphpatch/native";
import { inputIds } from "./models";
import type { Peer } from "./peer";
import { printFigures, printTable, ratio } from "./report";

const LAYERS = 12;
const TARGET = 42;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** The corrupted run's tokens: three of the clean run's are others. peers.py does the same. */
export const corruptedIds = inputIds.map((id, i) => (i >= 1 && i <= 3 ? (id + 1234) % 50257 : id));

/** Output of each block in the clean run: [1, 16, 768]. */
async function cleanStates(pg: PatchableGraph<CausalLM>) {
  const probes = Array.from({ length: LAYERS }, () => new ProbePatch());
  const patches = Object.fromEntries(probes.map((probe, l) => [`transformer.h_${l}`, probe]));
  await pg.patch(patches, () => pg.run({ input_ids: torch.tensor([inputIds], { dtype: "int64" }) }));
  return probes.map(({ activation }) => activation);
}

async function timedOnce<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
}

/** The layer × token map: every block's output at every position replaced by the clean run's, log-probability of one token. */
export async function benchSweep(model: CausalLM, peer: Peer | null): Promise<void> {
  const inputs = { input_ids: torch.tensor([corruptedIds], { dtype: "int64" }) };
  const pg = await PatchableGraph.capture(model, { ...inputs });
  const clean = await cleanStates(pg);
  const cells = clean.map((state, l) =>
    inputIds.map(
      (_, t): PatchMap => ({
        [`transformer.h_${l}`]: new ReplacePatch({ value: state.at([0, t]), slice: [{}, t] }),
      }),
    ),
  );
  const options = { inputs: { ...inputs }, cells, metric: logProbability({ token: TARGET }) };
  await pg.sweep({ ...options, cells: cells.slice(6, 7) });
  const map = await timedOnce(() => pg.sweep(options));
  const again = await timedOnce(() => pg.sweep(options));
  const exact = await timedOnce(() => pg.sweep({ ...options, exact: true }));
  const without: [string, number][] = [];
  for (const level of ["packed", "positions", "batch"] as const) {
    const { ms } = await timedOnce(() => pg.sweep({ ...options, levels: { [level]: false } }));
    without.push([level, ms]);
  }
  const hooks = peer ? await peer.map("small") : null;
  const best = Math.min(map.ms, again.ms);
  const wanted = exact.value.values;
  const difference = Number(map.value.values.sub(wanted).abs().max().div(wanted.abs().max()).item());
  printTable("Layer × token map of GPT-2 small's shape: 192 cells, 16 tokens", [
    ["", "time", "sweep is faster by"],
    ["sweep, first", seconds(map.ms), ""],
    ["sweep, again", seconds(again.ms), ""],
    ...without.map(([level, ms]) => [`without level "${level}"`, seconds(ms), ratio(ms / best)]),
    ["one ordinary patched run a cell", seconds(exact.ms), ratio(exact.ms / best)],
    ...(hooks
      ? [
          [
            "transformers, one hooked forward a cell",
            seconds(hooks.one * 1000),
            ratio((hooks.one * 1000) / best),
          ],
          [
            "transformers, hooks, 16 cells a forward",
            seconds(hooks.batched * 1000),
            ratio((hooks.batched * 1000) / best),
          ],
        ]
      : []),
  ]);
  printFigures("Sweep", [
    {
      name: "largest difference to ordinary runs, relative",
      measured: difference.toExponential(1),
      asked: "≤ 1e-5",
    },
    ...(hooks
      ? [
          {
            name: "faster than one hooked forward a cell",
            measured: ratio((hooks.one * 1000) / best),
            asked: "≥ 14 ×",
          },
          {
            name: "faster than hand-batched hooks",
            measured: ratio((hooks.batched * 1000) / best),
            asked: "≥ 5 ×",
          },
          {
            name: "difference to transformers' map",
            measured: Math.abs(Number(map.value.values.sum().item()) - hooks.sum).toExponential(1),
          },
        ]
      : []),
  ]);
}
