/**
 * What pictures consist of, apart from how they are drawn: the same description becomes a plotly figure and a PNG.
 */

/** Values in row-major order, as far as they are drawn. */
export interface Grid {
  rows: number;
  columns: number;
  values: Float32Array;
}

/** A label at a row or column. Text is untrusted. */
export interface Tick {
  at: number;
  text: string;
}

export interface Axis {
  title: string;
  ticks: Tick[];
  /** Whether the ticks are token texts, which stand at an angle below a picture. */
  isText: boolean;
}

/** One heat map of a picture. */
export interface Panel {
  /** Above the panel, where there are several. */
  title: string | null;
  grid: Grid;
  x: Axis;
  y: Axis;
}

/** A cell that has no colour of its own. */
export interface Mark {
  kind: "nan" | "inf" | "clipped";
  row: number;
  column: number;
}

export interface ColourScale {
  /** Colours at even steps from `min` to `max`, as #rrggbb. */
  stops: readonly string[];
  min: number;
  max: number;
  title: string;
}

export interface HeatmapPicture {
  title: string;
  subtitle: string;
  panels: Panel[];
  scale: ColourScale;
}

export interface Series {
  name: string;
  x: number[];
  y: number[];
}

export interface LinePicture {
  title: string;
  xTitle: string;
  yTitle: string;
  series: Series[];
}

/** Cells of a panel that need a mark. */
export function marksOf({ grid }: Panel, { min, max }: ColourScale): Mark[] {
  const marks: Mark[] = [];
  grid.values.forEach((value, i) => {
    const kind = markKind(value, min, max);
    if (kind) marks.push({ kind, row: Math.floor(i / grid.columns), column: i % grid.columns });
  });
  return marks;
}

/** Part of a scale's range that rounding may exceed it by: a probability of 1.0000001 is not clipped. */
const TOLERANCE = 1e-5;

function markKind(value: number, min: number, max: number): Mark["kind"] | null {
  const slack = TOLERANCE * (max - min);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return "inf";
  return value < min - slack || value > max + slack ? "clipped" : null;
}
