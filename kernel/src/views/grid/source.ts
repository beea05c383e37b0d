import type { GridAxis, GridOrigin, GridPalette } from "../../protocol";
import { DIVERGING, GREENS, PURPLES, REDS, SEQUENTIAL } from "../../protocol/colours";
import type { LiveResult } from "../live/handles";

/** Measured cells, as a sweep returns them. */
export interface SweepLike {
  readonly label: string;
  readonly axes: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** One list a cell, row-major; empty for a cell that was not run. */
  readonly samples: readonly (readonly number[])[];
  /** The same of the run without cells' patches. */
  readonly base: readonly number[];
  /** What can run cells again; null or absent where nothing can. */
  readonly runs?: object | null;
}

/** A causal trace: a grid layer × token for each kind of what was restored. */
export interface TraceLike {
  readonly clean: number;
  readonly corrupted: { readonly mean: number; readonly stderr: number; readonly n: number };
  readonly grids: Readonly<Partial<Record<"states" | "mlp" | "attention", SweepLike>>>;
  /** Id of the token whose probability was measured. */
  readonly target?: number;
  /** Its text, where that is known. */
  readonly answer?: string | null;
  /** The subject's tokens: from the first up to, but not with, the second. */
  readonly subject?: readonly [number, number];
  /** Layers a window restores. */
  readonly window?: number;
}

/** One map of a grid, row-major. */
export interface GridMap {
  title: string;
  palette: GridPalette;
  values: Float64Array;
  /** Standard error of each value; null where there is none. */
  errors: Float64Array | null;
}

/** What a grid picture is made of, whatever it was measured by. */
export interface GridSource {
  title: string;
  measured: string;
  rows: GridAxis;
  columns: GridAxis;
  maps: GridMap[];
  /** Lowest value of sequential scales, middle of diverging ones; null for their own. */
  reference: number | null;
  /** What the reference is. */
  origin?: GridOrigin;
  /** Rows of the subject's tokens. */
  starred: number[];
  n: number | null;
  /** What to say first, one line each. */
  summary: string[];
  /** How cells are computed again; absent where they cannot be. */
  result?: LiveResult;
}

export const PALETTES: Readonly<Record<GridPalette, readonly string[]>> = {
  purples: PURPLES,
  greens: GREENS,
  reds: REDS,
  blues: SEQUENTIAL,
  diverging: DIVERGING,
};

/** Mean of each cell, its standard error, and how many measurements each has (null where they differ). */
export function measure(
  samples: SweepLike["samples"],
): Pick<GridMap, "values" | "errors"> & { n: number | null } {
  const values = Float64Array.from(samples, mean);
  const counts = new Set(samples.filter(({ length }) => length > 0).map(({ length }) => length));
  const n = counts.size === 1 ? [...counts][0] : null;
  const errors = n === 1 || counts.size === 0 ? null : Float64Array.from(samples, standardError);
  return { values, errors, n };
}

/** NaN for an empty list. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** s / √n; NaN for fewer than two values. */
function standardError(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** A table of `rows` × `columns` with rows and columns exchanged. */
export function transpose(values: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}
