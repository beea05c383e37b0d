import { LINE_COLOURS } from "../colours";
import { type Bar, type Chart, type ChartAxis, type Layer, turned } from "./chart";

type Json = Record<string, unknown>;

const MAX_BINS = 60;
/** Part of the room between two categories, or of a bin, that bars take. */
const BAR_SHARE = 0.8;
/** plotly.js marks the points of shorter lines. */
const MARKED_BELOW = 20;

interface Trace {
  layer: Layer;
  x: Values;
  y: Values;
  isBar: boolean;
  turned: boolean;
}

/** Places on an axis: numbers, or texts that are numbered by {@link Categories}. */
type Values = readonly (number | string)[];

/**
 * What a figure of plotly.js draws, where that is scatter, bar and histogram traces on one pair of axes; null for other figures.
 * @param data traces with plain values, see `plainValues`
 */
export function chartOf(data: readonly Json[], layout: Json): Chart | null {
  const traces = data.filter(({ visible }) => visible === undefined || visible === true).map(readTrace);
  if (traces.length === 0 || !traces.every((trace) => trace !== null)) return null;
  const x = new Categories(traces.map((trace) => trace.x));
  const y = new Categories(traces.map((trace) => trace.y));
  placeBars(traces, x, y, typeof layout.barmode === "string" ? layout.barmode : "group");
  for (const { layer, isBar, x: xs, y: ys } of traces) {
    if (!isBar) layer.points = ys.map((value, i) => [x.place(xs[i]), y.place(value)]);
  }
  return {
    title: titleText(layout.title),
    x: axisOf(layout.xaxis, x),
    y: axisOf(layout.yaxis, y),
    layers: traces.map(({ layer }) => layer),
  };
}

/** Numbers the texts on an axis in the order they come; numbers stay what they are. */
class Categories {
  readonly names: readonly string[] | null;
  readonly #places: ReadonlyMap<string, number>;

  constructor(values: readonly Values[]) {
    const isText = values.some((list) => list.some((value) => typeof value === "string"));
    const names = isText ? [...new Set(values.flatMap((list) => list.map(String)))] : [];
    this.names = isText ? names : null;
    this.#places = new Map(names.map((name, i) => [name, i]));
  }

  place(value: number | string | undefined): number {
    if (this.names) return this.#places.get(String(value)) ?? Number.NaN;
    return typeof value === "number" ? value : Number.NaN;
  }
}

function readTrace(trace: Json, i: number): Trace | null {
  const { type = "scatter", name, mode, orientation } = trace;
  // Further axes stand elsewhere in the picture.
  if ((trace.xaxis ?? "x") !== "x" || (trace.yaxis ?? "y") !== "y") return null;
  const marker = trace.marker as { color?: unknown } | undefined;
  const line = trace.line as { color?: unknown } | undefined;
  const own = type === "scatter" ? (line?.color ?? marker?.color) : marker?.color;
  const layer: Layer = {
    name: typeof name === "string" ? name : `trace ${i}`,
    colour: typeof own === "string" ? own : LINE_COLOURS[i % LINE_COLOURS.length],
    bars: [],
    points: [],
    line: false,
    markers: false,
  };
  if (type === "histogram") return histogram(trace, layer);
  if (type !== "scatter" && type !== "scattergl" && type !== "bar") return null;
  const x = trace.x ?? countFrom(trace.y);
  const y = trace.y ?? countFrom(trace.x);
  if (!isPlaces(x) || !isPlaces(y)) return null;
  const given = typeof mode === "string" ? mode : y.length < MARKED_BELOW ? "lines+markers" : "lines";
  layer.line = type !== "bar" && given.includes("lines");
  layer.markers = type !== "bar" && given.includes("markers");
  return { layer, x, y, isBar: type === "bar", turned: orientation === "h" };
}

/** Counts of values in bins of one width, as bars. */
function histogram(trace: Json, layer: Layer): Trace | null {
  const along = trace.x === undefined && trace.y !== undefined;
  const values = along ? trace.y : trace.x;
  if (!isPlaces(values)) return null;
  const counted = values.some((value) => typeof value === "string")
    ? countTexts(values)
    : countBins(values.filter((value) => Number.isFinite(value)) as number[], trace);
  if (counted.places.length === 0) return null;
  const share =
    trace.histnorm === "probability"
      ? 1 / values.length
      : trace.histnorm === "percent"
        ? 100 / values.length
        : 1;
  const counts = counted.counts.map((count) => count * share);
  layer.bars =
    counted.width === null
      ? []
      : counts.map((count, i) => bin(counted.places[i] as number, counted.width as number, count));
  if (along) layer.bars = layer.bars.map(turned);
  const [x, y] = along ? [counts, counted.places] : [counted.places, counts];
  return { layer, x, y, isBar: true, turned: along };
}

function bin(middle: number, width: number, count: number): Bar {
  return { x0: middle - width / 2, x1: middle + width / 2, y0: 0, y1: count };
}

interface Counted {
  places: Values;
  counts: number[];
  /** Width of a bin; null where texts are counted. */
  width: number | null;
}

function countTexts(values: Values): Counted {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return { places: [...counts.keys()], counts: [...counts.values()], width: null };
}

function countBins(values: readonly number[], { nbinsx, nbinsy, xbins, ybins }: Json): Counted {
  const asked = (xbins ?? ybins) as { start?: unknown; end?: unknown; size?: unknown } | undefined;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) return { places: [], counts: [], width: 1 };
  if (typeof asked?.start === "number") min = asked.start;
  if (typeof asked?.end === "number") max = asked.end;
  const most = [nbinsx, nbinsy].find((count) => typeof count === "number" && count > 0) as number | undefined;
  const bins = Math.max(1, Math.min(MAX_BINS, Math.floor(most ?? Math.sqrt(values.length)) || 1));
  const width = typeof asked?.size === "number" && asked.size > 0 ? asked.size : (max - min || 1) / bins;
  const count = Math.min(10 * MAX_BINS, Math.max(1, Math.ceil((max - min) / width - 1e-9)));
  const counts = Array<number>(count).fill(0);
  for (const value of values) {
    const at = Math.min(count - 1, Math.floor((value - min) / width));
    if (value >= min && value <= max && at >= 0) counts[at]++;
  }
  return { places: counts.map((_, i) => min + (i + 0.5) * width), counts, width };
}

/** Bars side by side, one on the other, or over one another. */
function placeBars(traces: readonly Trace[], x: Categories, y: Categories, mode: string): void {
  const bars = traces.filter(({ isBar, layer }) => isBar && layer.bars.length === 0);
  const slots = mode === "group" ? bars.length : 1;
  const tops = new Map<string, number>();
  bars.forEach((trace, slot) => {
    const places = trace.turned ? trace.y : trace.x;
    const heights = trace.turned ? trace.x : trace.y;
    const [along, up] = trace.turned ? [y, x] : [x, y];
    const at = places.map((value) => along.place(value));
    const room = BAR_SHARE * smallestStep(at);
    trace.layer.bars = at.map((middle, i) => {
      const height = up.place(heights[i]);
      const key = `${middle} ${height < 0}`;
      const base = mode === "stack" || mode === "relative" ? (tops.get(key) ?? 0) : 0;
      tops.set(key, base + height);
      const from = middle - room / 2 + (slots > 1 ? (slot * room) / slots : 0);
      const bar = { x0: from, x1: from + room / slots, y0: base, y1: base + height };
      return trace.turned ? turned(bar) : bar;
    });
  });
}

function smallestStep(places: readonly number[]): number {
  const sorted = [...new Set(places)].sort((a, b) => a - b);
  let step = Number.POSITIVE_INFINITY;
  for (let i = 1; i < sorted.length; i++) step = Math.min(step, sorted[i] - sorted[i - 1]);
  return Number.isFinite(step) ? step : 1;
}

function axisOf(axis: unknown, { names }: Categories): ChartAxis {
  const { title, range, type } = (axis ?? {}) as { title?: unknown; range?: unknown; type?: unknown };
  const asked = Array.isArray(range) && range.length === 2 && range.every((end) => typeof end === "number");
  const ends = asked ? (range as [number, number]) : null;
  const log = type === "log" && names === null;
  return {
    title: titleText(title),
    categories: names,
    // plotly.js takes the ends of a logarithmic axis as powers of ten.
    range: ends && log ? [10 ** ends[0], 10 ** ends[1]] : ends,
    log,
  };
}

/** A title as plotly.js takes it: a text, or an object with one. */
export function titleText(title: unknown): string {
  if (typeof title === "string") return title;
  const text = (title as { text?: unknown } | null | undefined)?.text;
  return typeof text === "string" ? text : "";
}

function countFrom(values: unknown): number[] | null {
  return Array.isArray(values) ? values.map((_, i) => i) : null;
}

/** Whether these are places on an axis; null stands for a gap. */
function isPlaces(values: unknown): values is Values {
  return (
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((value) => typeof value === "number" || typeof value === "string" || value === null)
  );
}
