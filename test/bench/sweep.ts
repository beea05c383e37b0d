import { type CausalLM, PatchableGraph, type SweepResult } from "@graphpatch/native";
import { gemmSpeeds } from "./gemm";
import { corruptedInputs, layerMap } from "./layerMap";
import { inputIds, longIds } from "./models";
import type { MapTool, Peer } from "./peer";
import { type Figure, printFigures, printTable, ratio } from "./report";

const ROUNDS = 3;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

async function timedOnce<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
}

/** The first time, and the best of several. */
async function timedSweep(pg: PatchableGraph, options: Awaited<ReturnType<typeof layerMap>>) {
  const first = await timedOnce(() => pg.sweep(options));
  let best = first.ms;
  for (let i = 1; i < ROUNDS; i++) best = Math.min(best, (await timedOnce(() => pg.sweep(options))).ms);
  return { first: first.ms, best, map: first.value };
}

const sum = (map: SweepResult): number => Number(map.values.sum().item());

/** A peer's map against ours: how much slower, and how far its values are. */
function against(name: string, asked: string, own: { best: number; map: SweepResult }) {
  return (peer: { ms: number; sum: number } | null): Figure[] =>
    peer
      ? [
          { name: `${name} (${seconds(peer.ms)})`, measured: ratio(peer.ms / own.best), asked },
          {
            name: "  sums of the two maps differ by",
            measured: Math.abs(sum(own.map) - peer.sum).toExponential(1),
          },
        ]
      : [];
}

/** 12 layers × 16 tokens. */
export async function benchSweep(model: CausalLM, peer: Peer | null): Promise<void> {
  const pg: PatchableGraph = await PatchableGraph.capture(model, corruptedInputs(inputIds));
  const options = await layerMap(pg, inputIds);
  await pg.sweep({ ...options, cells: options.cells.slice(6, 7) });
  const own = await timedSweep(pg, options);
  const exact = await timedOnce(() => pg.sweep({ ...options, exact: true }));
  const without: [string, number][] = [];
  for (const level of ["groups", "onednn", "positions", "causal", "batch"] as const) {
    const { ms } = await timedOnce(() => pg.sweep({ ...options, levels: { [level]: false } }));
    without.push([level, ms]);
  }
  const { work } = await pg.sweep.plan(options);
  const { mm, packed } = await gemmSpeeds();
  const wanted = exact.value.values;
  const difference = Number(own.map.values.sub(wanted).abs().max().div(wanted.abs().max()).item());
  printTable("Layer × token map of GPT-2 small's shape: 192 cells, 16 tokens", [
    ["", "time", "sweep is faster by"],
    ["sweep, first", seconds(own.first), ""],
    ["sweep, again", seconds(own.best), ""],
    ...without.map(([level, ms]) => [`without level "${level}"`, seconds(ms), ratio(ms / own.best)]),
    ["one ordinary patched run a cell", seconds(exact.ms), ratio(exact.ms / own.best)],
  ]);
  const peers: Figure[] = [];
  const tools: [MapTool, string, string][] = [
    ["hooks", "transformers, one hooked forward a cell", "≥ 14 ×"],
    ["batched", "transformers, hooks, 16 cells a forward", "≥ 5 ×"],
    ["transformer_lens", "TransformerLens", "≥ 16 ×"],
    ["nnsight", "nnsight", "≥ 16 ×"],
  ];
  for (const [tool, name, asked] of peer ? tools : []) {
    peers.push(...against(name, asked, own)((await peer?.map("small", tool, inputIds.length)) ?? null));
  }
  printFigures("Sweep: how many times as fast as", [
    ...peers,
    {
      name: `its matrix products by torch.mm (${(work / 1e9).toFixed(0)} GFLOP at ${(mm / 1e6).toFixed(0)} a second): time is`,
      measured: ratio(own.best / (work / mm)),
      asked: "≤ 1.5 ×",
    },
    {
      name: `by oneDNN with a packed weight (${(packed / 1e6).toFixed(0)} a second): time is`,
      measured: ratio(own.best / (work / packed)),
    },
    {
      name: "largest difference to ordinary runs, relative",
      measured: difference.toExponential(1),
      asked: "≤ 1e-5",
    },
  ]);
}

/** 12 layers × 48 tokens. */
export async function benchLongSweep(model: CausalLM, peer: Peer | null): Promise<void> {
  const pg: PatchableGraph = await PatchableGraph.capture(model, corruptedInputs(inputIds));
  const options = await layerMap(pg, longIds);
  const own = await timedSweep(pg, options);
  const hooks = peer ? await peer.map("small", "batched", longIds.length) : null;
  printFigures(`Layer × token map of 576 cells, 48 tokens: ${seconds(own.best)}; how many times as fast as`, [
    ...against("transformers, hooks, 48 cells a forward", "≥ 6 ×", own)(hooks),
  ]);
}

/** The same map on an archive that transformers and torch.export wrote. */
export async function benchArchiveSweep(model: CausalLM, peer: Peer): Promise<void> {
  const traced: PatchableGraph = await PatchableGraph.capture(model, corruptedInputs(inputIds));
  const archive = await PatchableGraph.load(await peer.export("small"));
  const [own, other] = [
    await timedSweep(traced, await layerMap(traced, inputIds)),
    await timedSweep(archive, await layerMap(archive, inputIds)),
  ];
  const difference = own.map.values.sub(other.map.values).abs().max().div(own.map.values.abs().max());
  printFigures("The map on an archive of torch.export, with fused attention", [
    {
      name: `archive ${seconds(other.best)}, traced ${seconds(own.best)}`,
      measured: ratio(other.best / own.best),
      asked: "≤ 1.3 ×",
    },
    { name: "largest difference of the two, relative", measured: Number(difference.item()).toExponential(1) },
  ]);
}
