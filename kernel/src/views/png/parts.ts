import { interpolator, MISSING } from "../colours";
import type { ColourScale, Grid, Mark, Panel } from "../picture";
import { formatNumber } from "../statistics";
import {
  type Context,
  createCanvas,
  drawPng,
  FAINT,
  font,
  INK,
  type PngImage,
  RULE,
  textWidth,
  wrapText,
} from "./canvas";

export const SIZE = { title: 14, note: 10.5, label: 10, small: 8.5 };
export const MARGIN = 14;
const LINE_HEIGHT = 1.4;
const MAX_MARKS = 400;

/** A rectangle in CSS pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * A picture below its title and notes.
 * @param height of what `draw` draws from `top` down
 */
export function drawTitled(
  { title, subtitle }: { title: string; subtitle: string },
  width: number,
  height: number,
  draw: (context: Context, top: number) => void,
): PngImage {
  const notes = wrapText(subtitle, width - 2 * MARGIN, SIZE.note);
  const top = MARGIN + SIZE.title * LINE_HEIGHT + notes.length * SIZE.note * LINE_HEIGHT + 8;
  return drawPng(width, top + height + MARGIN, (context) => {
    drawHead(context, title, notes, width);
    draw(context, top);
  });
}

/** Title and notes, from the top. */
function drawHead(context: Context, title: string, notes: string[], width: number): void {
  let y = MARGIN + SIZE.title / 2;
  context.fillStyle = INK;
  context.font = font(SIZE.title, "bold");
  context.fillText(title, MARGIN, y, width - 2 * MARGIN);
  y += SIZE.title * LINE_HEIGHT;
  context.fillStyle = FAINT;
  context.font = font(SIZE.note);
  for (const note of notes) {
    context.fillText(note, MARGIN, y);
    y += SIZE.note * LINE_HEIGHT;
  }
}

/** Room below a panel for its labels and title. */
export function bottomSpace({ x }: Panel): number {
  const widest = x.isText
    ? Math.min(110, Math.max(0, ...x.ticks.map(({ text }) => textWidth(text, SIZE.label))))
    : 0;
  return (x.isText ? widest * 0.75 + 16 : 20) + 18;
}

/** The cells of a panel with marks on those of `marks`, framed. */
export function drawCells(
  context: Context,
  panel: Panel,
  scale: ColourScale,
  plot: Box,
  marks: Mark[],
): void {
  context.imageSmoothingEnabled = false;
  context.drawImage(cells(panel.grid, scale), plot.x, plot.y, plot.width, plot.height);
  context.strokeStyle = RULE;
  context.lineWidth = 1;
  context.strokeRect(plot.x - 0.5, plot.y - 0.5, plot.width + 1, plot.height + 1);
  drawMarks(context, marks.slice(0, MAX_MARKS), panel.grid, plot);
}

function cells({ rows, columns, values }: Grid, { stops, min, max }: ColourScale) {
  const canvas = createCanvas(columns, rows);
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const colour = interpolator(stops);
  const missing = interpolator([MISSING, MISSING])(0);
  values.forEach((value, i) => {
    const [red, green, blue] = Number.isFinite(value) ? colour((value - min) / (max - min)) : missing;
    image.data.set([red, green, blue, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/** × for NaN, + for infinite, a dot for clipped. */
function drawMarks(context: Context, marks: Mark[], grid: Grid, plot: Box): void {
  const [width, height] = [plot.width / grid.columns, plot.height / grid.rows];
  const reach = Math.min(3, Math.max(1.2, Math.min(width, height) / 3));
  context.strokeStyle = INK;
  context.fillStyle = INK;
  context.lineWidth = 1;
  for (const { kind, row, column } of marks) {
    const x = plot.x + (column + 0.5) * width;
    const y = plot.y + (row + 0.5) * height;
    context.beginPath();
    if (kind === "clipped") {
      context.arc(x, y, reach / 2, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    const [dx, dy] = kind === "nan" ? [reach, reach] : [0, reach];
    context.moveTo(x - dx, y - dy);
    context.lineTo(x + dx, y + dy);
    if (kind === "nan") {
      context.moveTo(x - dx, y + dy);
      context.lineTo(x + dx, y - dy);
    } else {
      context.moveTo(x - reach, y);
      context.lineTo(x + reach, y);
    }
    context.stroke();
  }
}

/** Labels to the left of `plot`, their title at the left edge of the picture. */
export function drawRowLabels(context: Context, { y, grid }: Panel, plot: Box): void {
  const step = plot.height / grid.rows;
  context.font = font(SIZE.label);
  context.fillStyle = INK;
  context.textAlign = "right";
  for (const { at, text } of y.ticks) context.fillText(text, plot.x - 6, plot.y + (at + 0.5) * step, 170);
  context.textAlign = "left";
  if (y.title === "") return;
  context.save();
  context.translate(MARGIN + 5, plot.y + plot.height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillStyle = FAINT;
  context.fillText(y.title, 0, 0);
  context.restore();
}

/** Labels below `plot`. */
export function drawColumnLabels(context: Context, panel: Panel, plot: Box): void {
  const { x, grid } = panel;
  const step = plot.width / grid.columns;
  const bottom = plot.y + plot.height;
  context.font = font(SIZE.label);
  context.fillStyle = INK;
  for (const { at, text } of x.ticks) {
    const centre = plot.x + (at + 0.5) * step;
    if (!x.isText) {
      context.textAlign = "center";
      context.fillText(text, centre, bottom + 10);
      continue;
    }
    context.save();
    context.translate(centre, bottom + 6);
    context.rotate(-Math.PI / 4);
    context.textAlign = "right";
    context.fillText(text, 0, 0, 150);
    context.restore();
  }
  context.textAlign = "center";
  context.fillStyle = FAINT;
  context.fillText(x.title, plot.x + plot.width / 2, bottom + bottomSpace(panel) - 8);
  context.textAlign = "left";
}

/** A colour bar with its least, middle and largest value, its title below. */
export function drawColourBar(context: Context, { stops, min, max, title }: ColourScale, box: Box): void {
  const gradient = context.createLinearGradient(0, box.y + box.height, 0, box.y);
  stops.forEach((colour, i) => {
    gradient.addColorStop(i / (stops.length - 1), colour);
  });
  context.fillStyle = gradient;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.strokeStyle = RULE;
  context.strokeRect(box.x - 0.5, box.y - 0.5, box.width + 1, box.height + 1);
  context.fillStyle = INK;
  context.font = font(SIZE.label);
  [max, (min + max) / 2, min].forEach((value, i) => {
    const y = box.y + 5 + (i * (box.height - 10)) / 2;
    context.fillText(formatNumber(value), box.x + box.width + 6, y, 44);
  });
  if (title === "") return;
  context.fillStyle = FAINT;
  context.fillText(title, box.x, box.y + box.height + 12, 60);
}
