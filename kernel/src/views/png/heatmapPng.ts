import { createCanvas } from "@napi-rs/canvas";
import { interpolator, MISSING } from "../colours";
import { type ColourScale, type Grid, type HeatmapPicture, type Mark, marksOf, type Panel } from "../picture";
import { gridColumns } from "../plotlyFigure";
import { formatNumber } from "../statistics";
import { type Context, drawPng, FAINT, font, INK, type PngImage, RULE, textWidth, wrapText } from "./canvas";

const SIZE = { title: 14, note: 10.5, label: 10, small: 8.5 };
const MARGIN = 14;
const WIDTH = 760;
const COLOUR_BAR = { width: 12, space: 74 };
const LINE_HEIGHT = 1.4;
const MAX_MARKS = 400;
/** Rows of one panel are at least and at most this high. */
const ROW = { min: 1, max: 22 };
const PANEL_HEIGHT = 420;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The picture as a PNG. */
export function heatmapPng(picture: HeatmapPicture): PngImage {
  const notes = wrapText(picture.subtitle, WIDTH - 2 * MARGIN, SIZE.note);
  const top = MARGIN + SIZE.title * LINE_HEIGHT + notes.length * SIZE.note * LINE_HEIGHT + 8;
  const area = { x: MARGIN, y: top, width: WIDTH - 2 * MARGIN - COLOUR_BAR.space };
  const single = picture.panels.length === 1;
  const height = single ? singleHeight(picture.panels[0]) : manyHeight(picture, area.width);
  return drawPng(WIDTH, top + height + MARGIN, (context) => {
    drawHead(context, picture.title, notes);
    const box = { ...area, height };
    const plots = single
      ? [drawPanel(context, picture.panels[0], picture.scale, box, false)]
      : drawMany(context, picture, box);
    const [first] = plots;
    const right = single ? first.x + first.width : area.x + area.width;
    const bar = { x: right + 16, y: first.y, width: COLOUR_BAR.width };
    drawColourBar(context, picture.scale, {
      ...bar,
      height: Math.min(220, Math.max(60, single ? first.height : 160)),
    });
  });
}

function drawHead(context: Context, title: string, notes: string[]): void {
  let y = MARGIN + SIZE.title / 2;
  context.fillStyle = INK;
  context.font = font(SIZE.title, "bold");
  context.fillText(title, MARGIN, y, WIDTH - 2 * MARGIN);
  y += SIZE.title * LINE_HEIGHT;
  context.fillStyle = FAINT;
  context.font = font(SIZE.note);
  for (const note of notes) {
    context.fillText(note, MARGIN, y);
    y += SIZE.note * LINE_HEIGHT;
  }
}

function rowHeight({ grid, y }: Panel): number {
  const fitting = PANEL_HEIGHT / grid.rows;
  const readable = y.isText && grid.rows <= 64 ? 13 : ROW.min;
  return Math.min(ROW.max, Math.max(readable, fitting));
}

function singleHeight(panel: Panel): number {
  return Math.max(40, rowHeight(panel) * panel.grid.rows) + bottomSpace(panel);
}

/** Room below a panel for its labels and title. */
function bottomSpace({ x }: Panel): number {
  const widest = x.isText
    ? Math.min(110, Math.max(0, ...x.ticks.map(({ text }) => textWidth(text, SIZE.label))))
    : 0;
  return (x.isText ? widest * 0.75 + 16 : 20) + 18;
}

function manyHeight({ panels }: HeatmapPicture, width: number): number {
  const columns = gridColumns(panels.length);
  return Math.ceil(panels.length / columns) * (width / columns + 14);
}

function drawMany(context: Context, { panels, scale }: HeatmapPicture, box: Box): Box[] {
  const columns = gridColumns(panels.length);
  const side = box.width / columns;
  return panels.map((panel, i) =>
    drawPanel(
      context,
      panel,
      scale,
      {
        x: box.x + (i % columns) * side,
        y: box.y + Math.floor(i / columns) * (side + 14),
        width: side,
        height: side + 14,
      },
      true,
    ),
  );
}

/** Draws one heat map with its axes into `box`. @returns where its cells are */
function drawPanel(context: Context, panel: Panel, scale: ColourScale, box: Box, small: boolean): Box {
  const plot = small
    ? { x: box.x + 4, y: box.y + 14, width: box.width - 10, height: box.height - 28 }
    : plotBox(panel, box);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells(panel.grid, scale), plot.x, plot.y, plot.width, plot.height);
  context.strokeStyle = RULE;
  context.lineWidth = 1;
  context.strokeRect(plot.x - 0.5, plot.y - 0.5, plot.width + 1, plot.height + 1);
  drawMarks(context, marksOf(panel, scale).slice(0, MAX_MARKS), panel.grid, plot);
  if (panel.title !== null) {
    context.fillStyle = INK;
    context.font = font(SIZE.small);
    context.textAlign = "center";
    context.fillText(panel.title, plot.x + plot.width / 2, plot.y - 8, plot.width);
    context.textAlign = "left";
  }
  if (!small) {
    drawRowLabels(context, panel, plot);
    drawColumnLabels(context, panel, plot);
  }
  return plot;
}

function plotBox(panel: Panel, box: Box): Box {
  const widest = Math.max(0, ...panel.y.ticks.map(({ text }) => textWidth(text, SIZE.label)));
  const left = Math.min(170, widest) + (panel.y.title === "" ? 8 : 26);
  const height = Math.max(40, rowHeight(panel) * panel.grid.rows);
  // A square pattern stays square; an activation takes the width there is.
  const square = panel.x.isText && panel.y.isText && panel.grid.rows === panel.grid.columns;
  return {
    x: box.x + left,
    y: box.y,
    width: square ? Math.min(height, box.width - left) : box.width - left,
    height,
  };
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

function drawRowLabels(context: Context, { y, grid }: Panel, plot: Box): void {
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

function drawColumnLabels(context: Context, panel: Panel, plot: Box): void {
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

function drawColourBar(context: Context, { stops, min, max, title }: ColourScale, box: Box): void {
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
