import type { CellAxis } from "./axis";

/** Where the cells of a heat map lie on axes that count entries of the tensor. */
export interface EntryScale {
  /** Entry at which the first cell begins. */
  readonly origin: { readonly x: number; readonly y: number };
  /** Entries a cell. */
  readonly step: { readonly x: number; readonly y: number };
}

/** Axes that count cells. */
export const CELLS_ALONE: EntryScale = { origin: { x: 0, y: 0 }, step: { x: 1, y: 1 } };

export function scaleOf(y: CellAxis, x: CellAxis): EntryScale {
  return { origin: { y: y.index(0), x: x.index(0) }, step: { y: y.perCell, x: x.perCell } };
}

/** The part of plotly's heat map that says where its cells are. */
export function placed({ origin, step }: EntryScale): Readonly<Record<"x0" | "dx" | "y0" | "dy", number>> {
  return { x0: origin.x + (step.x - 1) / 2, dx: step.x, y0: origin.y + (step.y - 1) / 2, dy: step.y };
}

/** Marks stand at cells; the axes count entries. */
export function inEntries(
  trace: Readonly<Record<string, unknown>>,
  { origin, step }: EntryScale,
): Readonly<Record<string, unknown>> {
  const place = (list: unknown, axis: "x" | "y") =>
    (list as number[]).map((cell) => origin[axis] + cell * step[axis] + (step[axis] - 1) / 2);
  return { ...trace, x: place(trace.x, "x"), y: place(trace.y, "y") };
}
