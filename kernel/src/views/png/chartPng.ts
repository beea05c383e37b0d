import type { Bar, Chart, ChartAxis, Layer } from "../chart/chart";
import { formatNumber } from "../statistics";
import { type Context, drawPng, FAINT, font, INK, type PngImage, RULE, textWidth } from "./canvas";

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = 16;
const LABEL = 10;
const TITLE = 14;
const TICKS = 5;
const MAX_CATEGORIES = 24;
const LABEL_WIDTH = 110;
/** Part of its length by which an axis goes on beyond what is drawn. */
const AIR = 0.04;

interface Tick {
  at: number;
  text: string;
}

/** An axis from `min` to `max`, in powers of ten where it is logarithmic. */
interface Scale {
  min: number;
  max: number;
  ticks: Tick[];
  isText: boolean;
  log: boolean;
}

interface Plot {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The chart as a PNG; null without a finite point or bar. */
export function chartPng(chart: Chart): PngImage | null {
  const { title, layers } = chart;
  const x = scaleOf(
    chart.x,
    valuesAlong(layers, "x"),
    layers.some(({ bars }) => bars.length > 0),
  );
  const y = scaleOf(chart.y, valuesAlong(layers, "y"), false);
  if (!x || !y) return null;
  const widest = Math.max(...y.ticks.map(({ text }) => textWidth(text, LABEL)));
  const slanted = x.isText && tooWide(x.ticks);
  const below = slanted
    ? Math.min(LABEL_WIDTH, Math.max(...x.ticks.map(({ text }) => textWidth(text, LABEL)))) * 0.75
    : 0;
  const top = MARGIN + (title === "" ? 0 : 22) + (layers.length > 1 ? 18 : 0);
  const plot: Plot = {
    // The first of the slanted labels reaches to the left.
    left: Math.max(MARGIN + 18 + Math.min(LABEL_WIDTH, widest), below),
    top,
    right: WIDTH - MARGIN,
    bottom: HEIGHT - MARGIN - 34 - below,
  };
  const toX = (value: number) => plot.left + place(x, value) * (plot.right - plot.left);
  const toY = (value: number) => plot.bottom - place(y, value) * (plot.bottom - plot.top);
  return drawPng(WIDTH, HEIGHT, (context) => {
    context.fillStyle = INK;
    context.font = font(TITLE, "bold");
    context.fillText(title, MARGIN, MARGIN + TITLE / 2, WIDTH - 2 * MARGIN);
    if (layers.length > 1) drawLegend(context, layers, plot.left, top - 10);
    drawYLabels(context, y, plot);
    drawXLabels(context, x, plot, slanted);
    drawTitles(context, chart, plot);
    context.save();
    context.beginPath();
    context.rect(plot.left - 4, plot.top - 4, plot.right - plot.left + 8, plot.bottom - plot.top + 8);
    context.clip();
    for (const layer of layers) {
      context.strokeStyle = layer.colour;
      context.fillStyle = layer.colour;
      drawBars(context, layer.bars, toX, toY);
      drawPoints(context, layer, toX, toY);
    }
    context.restore();
  });
}

function drawBars(
  context: Context,
  bars: readonly Bar[],
  toX: (value: number) => number,
  toY: (value: number) => number,
): void {
  for (const { x0, x1, y0, y1 } of bars) {
    const [left, right, from, to] = [toX(x0), toX(x1), toY(y0), toY(y1)];
    if (![left, right, from, to].every(Number.isFinite)) continue;
    context.fillRect(Math.min(left, right), Math.min(from, to), Math.abs(right - left), Math.abs(to - from));
    context.strokeStyle = "#ffffff";
    context.lineWidth = 0.5;
    context.strokeRect(
      Math.min(left, right),
      Math.min(from, to),
      Math.abs(right - left),
      Math.abs(to - from),
    );
  }
}

function drawPoints(
  context: Context,
  { points, line, markers, colour }: Layer,
  toX: (value: number) => number,
  toY: (value: number) => number,
): void {
  const places = points.map(([x, y]) => [toX(x), toY(y)] as const);
  const isPlace = ([x, y]: readonly [number, number]) => Number.isFinite(x) && Number.isFinite(y);
  if (line) {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.beginPath();
    let open = false;
    for (const at of places) {
      const finite = isPlace(at);
      if (finite && open) context.lineTo(...at);
      else if (finite) context.moveTo(...at);
      open = finite;
    }
    context.stroke();
  }
  if (!markers) return;
  for (const at of places.filter(isPlace)) {
    context.beginPath();
    context.arc(...at, 2.5, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawYLabels(context: Context, { ticks, min, max }: Scale, plot: Plot): void {
  context.font = font(LABEL);
  context.textAlign = "right";
  for (const { at, text } of ticks) {
    const y = plot.bottom - ((at - min) / (max - min)) * (plot.bottom - plot.top);
    context.strokeStyle = RULE;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(plot.left, y);
    context.lineTo(plot.right, y);
    context.stroke();
    context.fillStyle = INK;
    context.fillText(text, plot.left - 6, y, LABEL_WIDTH);
  }
}

function drawXLabels(context: Context, { ticks, min, max }: Scale, plot: Plot, slanted: boolean): void {
  context.fillStyle = INK;
  context.textAlign = slanted ? "right" : "center";
  for (const { at, text } of ticks) {
    const x = plot.left + ((at - min) / (max - min)) * (plot.right - plot.left);
    context.save();
    context.translate(x, plot.bottom + (slanted ? 8 : 12));
    if (slanted) context.rotate(-Math.PI / 4);
    context.fillText(text, 0, 0, LABEL_WIDTH);
    context.restore();
  }
}

function drawTitles(context: Context, { x, y }: Chart, plot: Plot): void {
  context.textAlign = "center";
  context.fillStyle = FAINT;
  context.fillText(x.title, (plot.left + plot.right) / 2, HEIGHT - MARGIN - 4);
  context.save();
  context.translate(MARGIN - 2, (plot.top + plot.bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(y.title, 0, 0);
  context.restore();
}

function drawLegend(context: Context, layers: readonly Layer[], left: number, y: number): void {
  context.font = font(LABEL);
  let x = left;
  for (const { name, colour } of layers) {
    context.fillStyle = colour;
    context.fillRect(x, y - 1.5, 16, 3);
    context.fillStyle = INK;
    context.fillText(name, x + 20, y, 140);
    x += 34 + Math.min(140, textWidth(name, LABEL));
  }
}

function valuesAlong(layers: readonly Layer[], axis: "x" | "y"): number[] {
  return layers.flatMap(({ bars, points }) => [
    ...bars.flatMap((bar) => (axis === "x" ? [bar.x0, bar.x1] : [bar.y0, bar.y1])),
    ...points.map((point) => point[axis === "x" ? 0 : 1]),
  ]);
}

/** Where a value stands, from 0 to 1. */
function place({ min, max, log }: Scale, value: number): number {
  // A bar begins at zero, which no logarithmic axis has.
  const at = log ? (value > 0 ? Math.log10(value) : value === 0 ? min : Number.NaN) : value;
  return (at - min) / (max - min);
}

/** @param tight ends where what is drawn ends, as bars do */
function scaleOf(
  { categories, range, log }: ChartAxis,
  values: readonly number[],
  tight: boolean,
): Scale | null {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of range ?? values) {
    const at = log ? Math.log10(value) : value;
    if (!Number.isFinite(at)) continue;
    if (at < min) min = at;
    if (at > max) max = at;
  }
  if (min > max) return null;
  if (min === max) [min, max] = [min - 0.5, max + 0.5];
  const air = range || tight || (min === 0 && !log) ? 0 : AIR * (max - min);
  if (!range && !tight) [min, max] = [min - air, max + AIR * (max - min)];
  const ticks = categories
    ? namedTicks(categories, min, max)
    : log
      ? powerTicks(min, max)
      : roundTicks(min, max);
  return { min, max, ticks, isText: categories !== null, log };
}

function namedTicks(names: readonly string[], min: number, max: number): Tick[] {
  const step = Math.ceil(names.length / MAX_CATEGORIES);
  const ticks = names.map((text, at) => ({ at, text: text.length > 24 ? `${text.slice(0, 23)}…` : text }));
  return ticks.filter(({ at }) => at % step === 0 && at >= min && at <= max);
}

function powerTicks(min: number, max: number): Tick[] {
  const step = Math.max(1, Math.ceil((max - min) / TICKS));
  const ticks: Tick[] = [];
  for (let at = Math.ceil(min); at <= max; at += step) ticks.push({ at, text: formatNumber(10 ** at) });
  return ticks.length > 1 ? ticks : [min, max].map((at) => ({ at, text: formatNumber(10 ** at) }));
}

/** Round numbers within a range. */
function roundTicks(min: number, max: number): Tick[] {
  const rough = (max - min) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const ticks: Tick[] = [];
  for (let i = Math.ceil(min / step); i * step <= max; i++) {
    const at = Number((i * step).toPrecision(12));
    ticks.push({ at, text: formatNumber(at) });
  }
  return ticks;
}

function tooWide(ticks: readonly Tick[]): boolean {
  const each = (WIDTH - 2 * MARGIN - 60) / Math.max(1, ticks.length);
  return ticks.some(({ text }) => textWidth(text, LABEL) > each - 6);
}
