import { Progress } from "../progress";
import type { Cells } from "./cells";
import type { DoneCell } from "./sweepOptions";

/**
 * Shows on one line how many cells are done while `run` works; `onCells` is called as before.
 * @param total null where `run` finds out, and says so by its `expect`
 */
export async function showCells<T>(
  label: string,
  total: number | null,
  onCells: ((cells: readonly DoneCell[]) => void) | undefined,
  run: (onCells: (cells: readonly DoneCell[]) => void, expect: (total: number) => void) => Promise<T>,
): Promise<T> {
  using line = new Progress(label, { total, unit: "cells" });
  let done = 0;
  const count = (cells: readonly DoneCell[]) => {
    done += cells.length;
    line.update(done);
    onCells?.(cells);
  };
  return await run(count, (expected) => line.update(done, expected));
}

/** How many cells the lists hold. */
export function countCells(cells: Cells): number {
  return Array.isArray(cells) ? cells.reduce((sum: number, one: Cells) => sum + countCells(one), 0) : 1;
}
