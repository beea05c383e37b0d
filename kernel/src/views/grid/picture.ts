import type { GridAxis } from "../../protocol";
import { tokenLabel } from "../labels";
import { type Axis, type ColourScale, type Mark, marksOf, type Panel, type Tick } from "../picture";
import { niceStep } from "../plane";
import { type GridMap, type GridSource, PALETTES } from "./source";

/** One map as it is drawn. */
export interface GridPanel extends Panel {
  title: string;
  scale: ColourScale;
  /** Standard errors, as the values; null where there are none. */
  errors: Float32Array | null;
}

export interface GridPicture {
  title: string;
  subtitle: string;
  measured: string;
  panels: GridPanel[];
  n: number | null;
}

/** Room for labels: more rows or columns have only some of them. */
const MAX_ROW_LABELS = 64;
const MAX_COLUMN_NAMES = 24;
const COLUMN_NUMBERS = 7;

export function gridPicture(source: GridSource): GridPicture {
  const { title, measured, rows, columns, maps, n, summary } = source;
  const [y, x] = [rowAxis(rows, source.starred), columnAxis(columns)];
  const panels = maps.map(
    (map): GridPanel => ({
      title: map.title,
      grid: {
        rows: rows.labels.length,
        columns: columns.labels.length,
        values: Float32Array.from(map.values),
      },
      errors: map.errors && Float32Array.from(map.errors),
      x,
      y,
      scale: { ...limits(map, source), stops: PALETTES[map.palette], title: measured },
    }),
  );
  const notes = [
    ...summary,
    n === null ? "" : `n = ${n} per cell`,
    source.starred.length > 0 ? "* subject" : "",
  ];
  return { title, subtitle: notes.filter((note) => note !== "").join(" · "), measured, panels, n };
}

/** A sequential scale begins at the reference; a diverging one is centred there and the same for all its maps. */
function limits(map: GridMap, { maps, reference }: GridSource): { min: number; max: number } {
  if (map.palette === "diverging") {
    const centre = reference ?? 0;
    let reach = 0;
    for (const { palette, values } of maps) {
      if (palette !== "diverging") continue;
      for (const value of values)
        if (Number.isFinite(value)) reach = Math.max(reach, Math.abs(value - centre));
    }
    return { min: centre - (reach || 1), max: centre + (reach || 1) };
  }
  const finite = map.values.filter(Number.isFinite);
  const least =
    reference ?? finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const min = Number.isFinite(least) ? least : 0;
  const max = finite.reduce((most, value) => Math.max(most, value), min);
  // A map that never rises above the reference still needs a scale.
  return { min, max: max > min ? max : min + (Math.abs(min) || 1) };
}

function rowAxis({ title, labels }: GridAxis, starred: readonly number[]): Axis {
  const step = Math.ceil(labels.length / MAX_ROW_LABELS);
  const marked = new Set(starred);
  const ticks: Tick[] = [];
  for (let at = 0; at < labels.length; at += step) {
    ticks.push({ at, text: tokenLabel(labels[at]) + (marked.has(at) ? "*" : "") });
  }
  return { title, ticks, isText: !areNumbers(labels) };
}

function columnAxis({ title, labels }: GridAxis): Axis {
  const isText = !areNumbers(labels);
  const step = isText
    ? Math.ceil(labels.length / MAX_COLUMN_NAMES)
    : niceStep(labels.length / COLUMN_NUMBERS);
  const ticks: Tick[] = [];
  for (let at = 0; at < labels.length; at += step) ticks.push({ at, text: tokenLabel(labels[at]) });
  return { title, ticks, isText };
}

function areNumbers(labels: readonly string[]): boolean {
  return labels.every((label) => /^\d+$/.test(label));
}

/** Cells without a value. What lies below a sequential scale is white, as in ROME, and has no mark. */
export function unusualMarks(panel: GridPanel): Mark[] {
  return marksOf(panel, panel.scale).filter(({ kind }) => kind !== "clipped");
}
