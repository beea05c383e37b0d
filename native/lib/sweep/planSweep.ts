import type { GraphRunner } from "../graph/runner";
import { runBase } from "./baseRun";
import { findCone } from "./cone";
import { CostModel } from "./cost";
import { groupCells } from "./groups";
import { prepareSweep } from "./setup";
import type { SweepOptions } from "./sweep";

/** What a sweep would do. Arithmetic and bytes are estimates from shapes: of matrix products, and of the largest batch. */
export interface SweepPlan {
  cells: number;
  /** Floating-point operations of one run a cell. */
  naiveWork: number;
  /** Of the sweep: from the patched nodes on. */
  work: number;
  /** Bytes that one batch takes at most, besides the model and the base run. */
  bytes: number;
  /** How many batches there are. */
  batches: number;
  /** Milliseconds, from the time of one run; batches are mostly faster. */
  expectedTime: number;
}

/** See `PatchableGraph.planSweep`. */
export async function planSweep(runner: GraphRunner, options: SweepOptions): Promise<SweepPlan> {
  const job = prepareSweep(runner, options);
  const all = job.cells.map((_, i) => i);
  const isExact = options.exact ?? false;
  const { groups, plain } = isExact ? { groups: [], plain: all } : groupCells(job, all);
  const cost = new CostModel(job);
  const whole = findCone(job.flow, new Set(job.flow.inputs), job.outputs, new Set());
  const each = cost.work(whole.computed);
  const limit = options.memoryLimit ?? 2 ** 30;
  let work = plain.length * each;
  let bytes = plain.length > 0 ? cost.peak(whole) : 0;
  let batches = plain.length;
  for (const { cone, cells, alone } of groups) {
    const peak = Math.max(cost.peak(cone), 1);
    const together = alone === null ? Math.min(cells.length, Math.max(1, Math.floor(limit / peak))) : 1;
    work += cells.length * cost.work(cone.computed);
    bytes = Math.max(bytes, together * peak);
    batches += Math.ceil(cells.length / together);
  }
  const { milliseconds } = await runBase(job, groups, options.signal);
  return {
    cells: job.cells.length,
    naiveWork: job.cells.length * each,
    work,
    bytes,
    batches,
    expectedTime: milliseconds * (1 + (each > 0 ? work / each : job.cells.length)),
  };
}
