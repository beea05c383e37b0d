import type { GraphRunner } from "../graph/runner";
import { torch } from "../torch";
import { BESIDES, chunkCells } from "./chunks";
import { keptBytes } from "./cost";
import { shareMemory } from "./memory";
import { whyPlain } from "./plain";
import { runPlain } from "./plainRun";
import { prepareSweep, type SweepJob } from "./setup";
import { type SharedBase, shareBases } from "./sharedPatches";
import { surveyCells } from "./survey";
import { DEFAULT_MEMORY, readLevels, type SweepOptions } from "./sweepOptions";

/** What a sweep would do. Arithmetic is that of matrix products; it and bytes are estimates, from where patches begin and who sees whom. */
export interface SweepPlan {
  cells: number;
  /** Floating-point operations of one run a cell. */
  naiveWork: number;
  /** Of the sweep, the runs of its bases included. */
  work: number;
  /** Bytes that the values of a base run and one batch take at most together. */
  bytes: number;
  /** How many batches there are. */
  batches: number;
  /** Milliseconds, from the time of one run and of a matrix product. */
  expectedTime: number;
}

/** See `PatchableGraph.sweep`. */
export async function planSweep(runner: GraphRunner, options: SweepOptions): Promise<SweepPlan> {
  const job = prepareSweep(runner, options);
  const levels = readLevels(options, job.runner.isPacked);
  const memory = options.memoryLimit ?? DEFAULT_MEMORY;
  const all = job.cells.map((_, i) => i);
  const together = all.filter(
    (cell) => levels.upstream && whyPlain(job, cell) === null && keptBytes(job, [cell]) <= memory,
  );
  const bases = levels.shared ? shareBases(job, together) : [{ job, cells: together, isShared: false }];
  const start = performance.now();
  await runPlain(job, null, null, options.signal);
  const runTime = performance.now() - start;
  const plan = { cells: all.length, naiveWork: 0, work: 0, bytes: 0, batches: 0, expectedTime: 0 };
  let each = 0;
  for (const base of bases) if (base.cells.length > 0) each = await addBase(plan, base, options);
  const plain = all.length - together.length;
  // Waves multiply faster than that; what they do beside their products makes up for it.
  plan.expectedTime = plan.work / productSpeed(job) + runTime * (bases.length + plain);
  plan.naiveWork = all.length * each;
  plan.work += (bases.length + plain) * each;
  plan.batches += plain;
  return plan;
}

/** Adds the cells of one base; gives the work of its run. */
async function addBase(plan: SweepPlan, { job, cells }: SharedBase, options: SweepOptions): Promise<number> {
  const levels = readLevels(options, job.runner.isPacked);
  const survey = await surveyCells(job, cells, {
    cuts: levels.positions,
    reusesPositions: levels.causal,
    sharesStarts: levels.shared,
    reads: levels.positions,
    signal: options.signal,
  });
  survey.release();
  const { work, bytes, baseWork, baseBytes } = survey.native;
  const limit = options.memoryLimit ?? DEFAULT_MEMORY;
  const {
    unused,
    kept,
    passing,
    cells: memory,
  } = shareMemory(survey, limit, levels.onednn && !job.runner.isPacked);
  for (const places of chunkCells(survey, { memory, together: levels.batch })) {
    plan.batches += 1;
    const taken = places.reduce((sum, place) => sum + bytes[place] * BESIDES, 0);
    plan.bytes = Math.max(plan.bytes, baseBytes + kept + passing + taken + Math.min(taken, unused));
  }
  plan.work += work.reduce((sum, own) => sum + own, 0);
  return baseWork;
}

/** Floating-point operations a millisecond in a product of many rows by one of the model's matrices. */
function productSpeed({ runner }: SweepJob): number {
  const matrices = runner.captured.spec.constants
    .map(({ tensor }) => tensor)
    .filter((tensor) => tensor.dim() === 2 && tensor.numel() <= 2 ** 22)
    .sort((a, b) => b.numel() - a.numel());
  const [matrix = torch.zeros([512, 512])] = matrices;
  return torch.noGrad(() =>
    torch.tidy(() => {
      const rows = torch.ones([256, matrix.shape[0]], { dtype: matrix.dtype, device: matrix.device });
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 3; i++) {
        const start = performance.now();
        torch.mm(rows, matrix);
        best = Math.min(best, performance.now() - start);
      }
      return (2 * 256 * matrix.numel()) / best;
    }),
  );
}
