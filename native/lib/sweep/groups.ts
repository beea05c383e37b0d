import { type BatchLabel, labelBatch } from "./batchRules";
import { type Cone, findCone } from "./cone";
import { findRowTail, type RowTail } from "./rowTail";
import type { SweepJob } from "./setup";

/** Cells that patch the same values, and what is known of running them. */
export interface CellGroup {
  /** Indices of the cells. */
  cells: number[];
  cone: Cone;
  /** Patched values that are computed in each run: they depend on other patched values, or hold in every cell. */
  later: number[];
  /** Why cells cannot share a batch; null when they can. */
  alone: string | null;
  /** Which of the values that are put in have the batch in dimension 0. */
  hasRows(value: number): boolean;
  tail: RowTail | null;
}

/**
 * Sorts cells into groups. Cells with patches on sizes, and those of graphs with branches or loops, are in none: they are
 * run as they are.
 */
export function groupCells(
  job: SweepJob,
  wanted: readonly number[],
): { groups: CellGroup[]; plain: number[] } {
  const byKey = new Map<string, number[]>();
  const plain: number[] = [];
  const hasControlFlow = job.flow.nodes.some(({ type, when }) => type === "loop" || when !== undefined);
  for (const cell of wanted) {
    const values = [...job.cells[cell].patches.keys()];
    if (hasControlFlow || values.some((value) => job.flow.info(value)?.shape === null)) {
      plain.push(cell);
      continue;
    }
    const key = values.sort((a, b) => a - b).join();
    byKey.set(key, [...(byKey.get(key) ?? []), cell]);
  }
  const labels = labelBatch(job.flow);
  const groups = [...byKey.values()].map((cells) => describeGroup(job, cells, labels));
  // Those that compute most come first: what is found out about batches is found out at the start.
  groups.sort((a, b) => b.cone.computed.size - a.cone.computed.size);
  return { groups, plain };
}

function describeGroup(job: SweepJob, cells: number[], labels: ReadonlyMap<number, BatchLabel>): CellGroup {
  const { flow, basePatches, outputs, metric } = job;
  const patched = new Set(job.cells[cells[0]].patches.keys());
  const fixed = new Set(basePatches.keys());
  const cone = findCone(flow, patched, outputs, fixed);
  const isStart = new Set(cone.starts);
  const later = [...new Set([...patched, ...fixed])].filter(
    (value) => cone.computed.has(value) && !isStart.has(value) && flow.info(value)?.shape !== null,
  );
  const reads = metric.positions !== undefined;
  return {
    cells,
    cone,
    later,
    alone: whyAlone(job, cone, later, labels),
    hasRows: (value) => labels.get(value) === "rows",
    tail: reads ? findRowTail(flow, cone, outputs, new Set([...patched, ...fixed])) : null,
  };
}

/** What stands against a common batch, by the rules of batchRules.ts; null for nothing. */
function whyAlone(
  { flow, batch, outputs }: SweepJob,
  cone: Cone,
  later: readonly number[],
  labels: ReadonlyMap<number, BatchLabel>,
): string | null {
  if (batch === null) return "the inputs have no common batch dimension";
  const name = (value: number) => flow.info(value)?.name ?? flow.producer(value)?.name ?? "a value";
  for (const value of [...cone.starts, ...later, ...outputs]) {
    if (labels.get(value) !== "rows" && labels.get(value) !== "unknown")
      return `${name(value)} has no batch dimension`;
  }
  // In order, so that the first operator is named and not what follows from it.
  for (const node of flow.nodes) {
    for (const value of node.results) {
      if (!cone.computed.has(value) || labels.get(value) !== "unknown") continue;
      return `${name(value)} (${node.operator || node.type}) may mix texts`;
    }
  }
  const unclear = [...cone.starts, ...cone.frontier].find((value) => labels.get(value) === "unknown");
  return unclear === undefined ? null : `${name(unclear)} may mix texts`;
}
