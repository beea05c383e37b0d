import { DIVERGING, SEQUENTIAL } from "../../protocol/colours";
import type { HeatmapPicture } from "../picture";
import { makeAxis, reduceGrid } from "../plane";
import { summarize } from "../statistics";
import { titleText } from "./fromPlotly";

type Json = Record<string, unknown>;

const MAX_SIDE = 512;

/** What a figure of one heat map draws; null for other figures. Colours are ours: blue to red where zero lies in the middle, else blues. */
export function heatmapOf(data: readonly Json[], layout: Json): HeatmapPicture | null {
  const [trace] = data;
  if (data.length !== 1 || (trace.type !== "heatmap" && trace.type !== "heatmapgl")) return null;
  const rows = rowsOf(trace.z);
  if (!rows) return null;
  const yAxis = (layout.yaxis ?? {}) as { title?: unknown; autorange?: unknown };
  // plotly.js draws the first row at the bottom.
  const upright = yAxis.autorange !== "reversed";
  const values = Float32Array.from(
    (upright ? [...rows].reverse() : rows).flat(),
    (value) => value ?? Number.NaN,
  );
  const { min, max } = summarize(values);
  const middle =
    typeof trace.zmid === "number"
      ? trace.zmid
      : min !== null && max !== null && min < 0 && max > 0
        ? 0
        : null;
  const reach = middle === null ? 0 : Math.max(Math.abs((min ?? 0) - middle), Math.abs((max ?? 0) - middle));
  const reduced = reduceGrid({ rows: rows.length, columns: rows[0].length, values }, MAX_SIDE, MAX_SIDE);
  const ends =
    middle === null ? { min: min ?? 0, max: max ?? 1 } : { min: middle - reach, max: middle + reach };
  const names = labelsOf(trace.y, rows.length);
  const y = makeAxis(
    titleText(yAxis.title),
    reduced.grid.rows,
    reduced.rowsPerCell,
    names && upright ? [...names].reverse() : names,
  );
  if (upright && !names) y.ticks = y.ticks.map(({ at, text }) => ({ at: reduced.grid.rows - 1 - at, text }));
  return {
    title: titleText(layout.title),
    subtitle: "",
    panels: [
      {
        title: null,
        grid: reduced.grid,
        x: makeAxis(
          titleText((layout.xaxis as { title?: unknown } | undefined)?.title),
          reduced.grid.columns,
          reduced.columnsPerCell,
          labelsOf(trace.x, rows[0].length),
        ),
        y,
      },
    ],
    scale: {
      stops: middle === null ? SEQUENTIAL : DIVERGING,
      min: typeof trace.zmin === "number" ? trace.zmin : ends.min,
      max: typeof trace.zmax === "number" ? trace.zmax : ends.max,
      title: "",
    },
  };
}

/** Rows of one length, of numbers and gaps. */
function rowsOf(z: unknown): (number | null)[][] | null {
  if (!Array.isArray(z) || z.length === 0 || !Array.isArray(z[0]) || z[0].length === 0) return null;
  const fits = z.every(
    (row) =>
      Array.isArray(row) &&
      row.length === z[0].length &&
      row.every((value) => typeof value === "number" || value === null),
  );
  return fits ? (z as (number | null)[][]) : null;
}

/** Names of rows or columns; null where they are numbered. */
function labelsOf(labels: unknown, count: number): string[] | null {
  return Array.isArray(labels) && labels.length === count ? labels.map(String) : null;
}
