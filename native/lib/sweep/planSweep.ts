import type { GraphRunner } from "../graph/runner";
import { CustomPatch } from "../patches/customPatch";
import { chunkCells } from "./chunks";
import { KeptBytes, runWork } from "./cost";
import { shareMemory } from "./memory";
import { native } from "./native";
import { whyPlain } from "./plain";
import { runPlain } from "./plainRun";
import { prepareSweep } from "./setup";
import { type SharedBase, shareBases } from "./sharedPatches";
import { type Survey, surveyCells } from "./survey";
import { DEFAULT_MEMORY, productsOf, readLevels, type SweepOptions } from "./sweepOptions";
import { runWave, type WaveOptions } from "./waveRun";

/** What a sweep would do. Arithmetic is that of matrix products; it and bytes are estimates, from where patches begin and who sees whom. */
export interface SweepPlan {
  cells: number;
  /** Floating-point operations of one run a cell. */
  naiveWork: number;
  /** Of the sweep, the runs of its bases included. */
  work: number;
  /** Bytes that the values of a base run, weights laid out anew and one batch take at most together; without what oneDNN keeps for itself. */
  bytes: number;
  /** How many batches there are. */
  batches: number;
  /** Milliseconds, from the time of a run and of a few cells. */
  expectedTime: number;
}

/** Work of the cells that are timed, in runs of the base: enough for threads to have their share of rows. */
const TIMED_RUNS = 2;

/** See `PatchableGraph.sweep`. */
export async function planSweep(runner: GraphRunner, options: SweepOptions): Promise<SweepPlan> {
  const job = prepareSweep(runner, options);
  const levels = readLevels(options, job.runner.isPacked);
  const memory = options.memoryLimit ?? DEFAULT_MEMORY;
  const kept = new KeptBytes(job);
  const all = job.cells.map((_, i) => i);
  const together = all.filter(
    (cell) => levels.upstream && whyPlain(job, cell) === null && kept.of(cell) <= memory,
  );
  const bases = levels.shared ? shareBases(job, together) : [{ job, cells: together, isShared: false }];
  const start = performance.now();
  await runPlain(job, null, null, options.signal);
  const runTime = performance.now() - start;
  const parts: BasePlan[] = [];
  let pace: Pace | null = null;
  for (const base of bases) {
    if (base.cells.length === 0) continue;
    const part = await planBase(base, options, pace);
    pace ??= part.pace;
    parts.push(part);
  }
  const plain = all.length - together.length;
  const sum = (of: (part: BasePlan) => number) => parts.reduce((total, part) => total + of(part), 0);
  const each = runWork(job);
  return {
    cells: all.length,
    naiveWork: all.length * each,
    work: sum(({ work }) => work) + (parts.length + plain) * each,
    bytes: Math.max(0, ...parts.map(({ bytes }) => bytes)),
    batches: sum(({ batches }) => batches) + plain,
    expectedTime: sum(({ time }) => time) + plain * runTime,
  };
}

/** How fast cells go. */
interface Pace {
  /** Milliseconds that only the first batch takes: weights are laid out. */
  once: number;
  /** Milliseconds a floating-point operation. */
  each: number;
}

interface BasePlan {
  /** Of the cells alone. */
  work: number;
  bytes: number;
  batches: number;
  time: number;
  pace: Pace | null;
}

/** What the cells of one base take. @param known how fast those of another one go */
async function planBase(
  { job, cells }: SharedBase,
  options: SweepOptions,
  known: Pace | null,
): Promise<BasePlan> {
  const levels = readLevels(options, job.runner.isPacked);
  const survey = await surveyCells(job, cells, {
    cuts: levels.positions,
    reusesPositions: levels.causal,
    sharesStarts: levels.shared,
    reads: levels.positions,
    signal: options.signal,
  });
  try {
    const { baseWork, baseBytes } = survey.native;
    const products = productsOf(job.runner, levels);
    const { unused, kept, passing, ...shares } = shareMemory(
      survey,
      options.memoryLimit ?? DEFAULT_MEMORY,
      products === "onednn",
    );
    const chunks = chunkCells(survey, { memory: shares.cells, together: levels.batch });
    const timed = timedCells(survey, chunks);
    const costs = await native.costOfChunks(survey.native.survey, [...chunks, timed], levels.groups);
    const timedWork = costs.pop()?.work ?? 0;
    const work = costs.reduce((sum, cost) => sum + cost.work, 0);
    const most = Math.max(...costs.map(({ bytes }) => bytes));
    const weights = kept > 0 ? native.sweepWeights(kept, passing) : null;
    const waves = { products, weights, groups: levels.groups, unused };
    let timedPace = known;
    try {
      timedPace ??= await paceOf(survey, timed, timedWork, waves, options.signal);
    } finally {
      if (weights) native.dropSweepWeights(weights);
    }
    const pace = timedPace ?? { once: 0, each: baseWork > 0 ? survey.milliseconds / baseWork : 0 };
    return {
      work,
      bytes: baseBytes + kept + passing + most + Math.min(most, unused),
      batches: chunks.length,
      time: survey.milliseconds + (known ? 0 : pace.once) + pace.each * work,
      pace: timedPace,
    };
  } finally {
    survey.release();
  }
}

/** Some cells of the longest chunk, neighbours: not those with patches in JavaScript, which a plan does not call. */
function timedCells({ job, cells, native: { work, baseWork } }: Survey, chunks: number[][]): number[] {
  const isTimed = (place: number) =>
    [...job.cells[cells[place]].patches.values()].every((list) =>
      list.every((patch) => !(patch instanceof CustomPatch)),
    );
  const [longest] = [...chunks].sort((a, b) => b.length - a.length);
  const timed: number[] = [];
  let taken = 0;
  for (const place of longest.filter(isTimed)) {
    if (taken >= TIMED_RUNS * baseWork && timed.length > 0) break;
    timed.push(place);
    taken += work[place];
  }
  return timed;
}

/** Null where there is nothing to go by. */
async function paceOf(
  survey: Survey,
  timed: readonly number[],
  work: number,
  waves: WaveOptions,
  signal?: AbortSignal,
): Promise<Pace | null> {
  if (timed.length === 0 || work === 0) return null;
  const once = async (): Promise<number> => {
    const start = performance.now();
    await runWave(survey, timed, waves, signal);
    return performance.now() - start;
  };
  const [first, again] = [await once(), await once()];
  return { once: Math.max(0, first - again), each: again / work };
}
