import { LINE_COLOURS } from "../colours";
import type { LinePicture, Series } from "../picture";
import { formatNumber } from "../statistics";
import { type Context, drawPng, FAINT, font, INK, type PngImage, RULE, textWidth } from "./canvas";

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = 16;
const LABEL = 10;
const TITLE = 14;
const TICKS = 5;

interface Range {
  min: number;
  max: number;
}

/** The lines as a PNG; null without a finite point. */
export function linePng({ title, xTitle, yTitle, series }: LinePicture): PngImage | null {
  const xs = rangeOf(series.flatMap(({ x }) => x));
  const ys = rangeOf(series.flatMap(({ y }) => y));
  if (!xs || !ys) return null;
  const yTicks = ticksOf(ys);
  const left = MARGIN + 18 + Math.max(...yTicks.map((tick) => textWidth(formatNumber(tick), LABEL)));
  const top = MARGIN + (title === "" ? 0 : 22) + (series.length > 1 ? 18 : 0);
  const plot = { left, top, right: WIDTH - MARGIN, bottom: HEIGHT - MARGIN - 34 };
  const toX = (value: number) =>
    plot.left + ((value - xs.min) / (xs.max - xs.min)) * (plot.right - plot.left);
  const toY = (value: number) =>
    plot.bottom - ((value - ys.min) / (ys.max - ys.min)) * (plot.bottom - plot.top);
  return drawPng(WIDTH, HEIGHT, (context) => {
    context.fillStyle = INK;
    context.font = font(TITLE, "bold");
    context.fillText(title, MARGIN, MARGIN + TITLE / 2, WIDTH - 2 * MARGIN);
    if (series.length > 1) drawLegend(context, series, plot.left, top - 10);
    context.font = font(LABEL);
    for (const tick of yTicks) {
      context.strokeStyle = RULE;
      line(context, plot.left, toY(tick), plot.right, toY(tick));
      context.fillStyle = INK;
      context.textAlign = "right";
      context.fillText(formatNumber(tick), plot.left - 6, toY(tick));
    }
    context.textAlign = "center";
    for (const tick of ticksOf(xs)) context.fillText(formatNumber(tick), toX(tick), plot.bottom + 12);
    context.fillStyle = FAINT;
    context.fillText(xTitle, (plot.left + plot.right) / 2, plot.bottom + 30);
    context.save();
    context.translate(MARGIN - 2, (plot.top + plot.bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(yTitle, 0, 0);
    context.restore();
    series.forEach((one, i) => {
      drawSeries(context, one, LINE_COLOURS[i % LINE_COLOURS.length], toX, toY);
    });
  });
}

function drawSeries(
  context: Context,
  { x, y }: Series,
  colour: string,
  toX: (value: number) => number,
  toY: (value: number) => number,
): void {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.beginPath();
  let open = false;
  y.forEach((value, i) => {
    const finite = Number.isFinite(value) && Number.isFinite(x[i]);
    if (finite && open) context.lineTo(toX(x[i]), toY(value));
    else if (finite) context.moveTo(toX(x[i]), toY(value));
    open = finite;
  });
  context.stroke();
  if (y.length > 100) return;
  y.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    context.beginPath();
    context.arc(toX(x[i]), toY(value), 2.5, 0, 2 * Math.PI);
    context.fill();
  });
}

function drawLegend(context: Context, series: Series[], left: number, y: number): void {
  context.font = font(LABEL);
  let x = left;
  series.forEach(({ name }, i) => {
    context.fillStyle = LINE_COLOURS[i % LINE_COLOURS.length];
    context.fillRect(x, y - 1.5, 16, 3);
    context.fillStyle = INK;
    context.fillText(name, x + 20, y, 140);
    x += 34 + Math.min(140, textWidth(name, LABEL));
  });
}

function line(context: Context, x1: number, y1: number, x2: number, y2: number): void {
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/** Smallest and largest finite value, never the same. */
function rangeOf(values: number[]): Range | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) return null;
  return min === max ? { min: min - 0.5, max: max + 0.5 } : { min, max };
}

/** Round numbers within a range. */
function ticksOf({ min, max }: Range): number[] {
  const rough = (max - min) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let i = Math.ceil(min / step); i * step <= max; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
