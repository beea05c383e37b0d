import { isIndexArray, isNullableNumber, isObject, isStringArray } from "./checks";

/** Colours of a grid's panel: ROME's for what was restored, or blue and red around a reference. */
export const GRID_PALETTES = ["purples", "greens", "reds", "blues", "diverging"] as const;
export type GridPalette = (typeof GRID_PALETTES)[number];

/** What colours are measured from: the run without the cells' patches, the corrupted run of a causal trace, no change at all. */
export const GRID_ORIGINS = ["base", "corrupted", "same"] as const;
export type GridOrigin = (typeof GRID_ORIGINS)[number];

export interface GridAxis {
  /** "token", "layer", "head", … */
  name: string;
  /** Title of the axis where the name says too little ("centre of 10 restored layers"). */
  title: string;
  /** What each place is called, in full. Untrusted: text only. */
  labels: string[];
}

/** What a picture of the kind `grid` says of its maps; their values are in the figure, one heat map a panel. */
export interface ViewGrid {
  /** What was measured: the title of the colour bars. */
  measured: string;
  rows: GridAxis;
  columns: GridAxis;
  panels: { title: string; palette: GridPalette }[];
  /** Rows that belong to the subject, marked with a star. */
  starred: number[];
  /** What the colours are measured from: the lowest of a sequential scale (ROME's low score), the middle of a diverging one. */
  reference: number | null;
  /** What the reference is; absent where only its value is known. */
  origin?: GridOrigin;
  /** Measurements behind each cell; null where they differ or nothing is known. */
  n: number | null;
}

function isAxis(value: unknown): value is GridAxis {
  return (
    isObject(value) &&
    typeof value.name === "string" &&
    typeof value.title === "string" &&
    isStringArray(value.labels)
  );
}

export function isViewGrid(value: unknown): value is ViewGrid {
  return (
    isObject(value) &&
    typeof value.measured === "string" &&
    isAxis(value.rows) &&
    isAxis(value.columns) &&
    Array.isArray(value.panels) &&
    value.panels.every(
      (panel) =>
        isObject(panel) &&
        typeof panel.title === "string" &&
        (GRID_PALETTES as readonly unknown[]).includes(panel.palette),
    ) &&
    isIndexArray(value.starred) &&
    isNullableNumber(value.reference) &&
    (value.origin === undefined || (GRID_ORIGINS as readonly unknown[]).includes(value.origin)) &&
    isNullableNumber(value.n)
  );
}
