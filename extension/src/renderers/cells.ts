import type { TranslationBundle } from "@jupyterlab/translation";
import type { Figure, HeatmapTrace, Theme } from "./drawing";
import { FigureError } from "./figure";

/** Marks beyond this number are left out, and said to be. */
const MOST_MARKS = 2000;

/** Traces that mark cells which have no colour of their own, and what to say of them. */
export interface Marks {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly notes: readonly string[];
}

/** The heat maps of a figure, at least one. @throws FigureError when there is none, or one is empty. */
export function heatmapsOf(figure: Figure): [HeatmapTrace, ...HeatmapTrace[]] {
  const [first, ...others] = figure.traces.filter((trace) => trace.kind === "heatmap");
  if (!first) throw new FigureError("The figure of this view holds no heat map.");
  if ([first, ...others].some(({ rows }) => rows.length === 0 || rows[0].length === 0)) {
    throw new FigureError("There are no values to draw.");
  }
  return [first, ...others];
}

/** Marks NaN with a cross and infinities with a triangle that points up or down. */
export function markUnusual(
  rows: readonly ArrayLike<number>[],
  theme: Theme,
  trans: TranslationBundle,
): Marks {
  const found = { nan: emptyMark(), up: emptyMark(), down: emptyMark() };
  let total = 0;
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      const value = row[x];
      if (Number.isFinite(value)) continue;
      total += 1;
      if (total > MOST_MARKS) continue;
      const mark = Number.isNaN(value) ? found.nan : value > 0 ? found.up : found.down;
      mark.x.push(x);
      mark.y.push(y);
    }
  });
  const notes: string[] = [];
  if (found.nan.x.length > 0) notes.push(trans.__("× marks NaN."));
  if (found.up.x.length + found.down.x.length > 0) notes.push(trans.__("▲ and ▼ mark ∞ and −∞."));
  if (total > MOST_MARKS) {
    notes.push(
      trans.__(
        "Only the first %1 of %2 such values are marked.",
        MOST_MARKS.toLocaleString("en"),
        total.toLocaleString("en"),
      ),
    );
  }
  return {
    data: [
      marker(found.nan, "x-thin", theme),
      marker(found.up, "triangle-up", theme),
      marker(found.down, "triangle-down", theme),
    ].filter((trace) => trace.x.length > 0),
    notes,
  };
}

interface Mark {
  x: number[];
  y: number[];
}

function emptyMark(): Mark {
  return { x: [], y: [] };
}

function marker(mark: Mark, symbol: string, theme: Theme): Mark & Record<string, unknown> {
  return {
    ...mark,
    type: "scatter",
    mode: "markers",
    hoverinfo: "skip",
    showlegend: false,
    marker: { symbol, size: 7, color: theme.text, line: { color: theme.text, width: 1.5 } },
  };
}
