import { PANELS_A_ROW } from "../grid/figure";
import { type GridPanel, type GridPicture, unusualMarks } from "../grid/picture";
import { type Context, font, INK, type PngImage, textWidth } from "./canvas";
import {
  type Box,
  bottomSpace,
  drawCells,
  drawColourBar,
  drawColumnLabels,
  drawRowLabels,
  drawTitled,
  MARGIN,
  SIZE,
} from "./parts";

/** Width of the cells of one panel: as many as fit, within these. */
const CELLS = { column: 26, min: 150, max: 300 };
const ROW = { min: 6, max: 20, panel: 480 };
const BAR = { gap: 10, width: 10, space: 76 };
const HEAD = 20;
const MAX_LABEL = 150;

/** The picture as a PNG: panels side by side, rows labelled at the left of each line of panels. */
export function gridPng(picture: GridPicture): PngImage {
  const { panels } = picture;
  const [first] = panels;
  const across = Math.min(panels.length, PANELS_A_ROW);
  const labels = Math.max(0, ...first.y.ticks.map(({ text }) => textWidth(text, SIZE.label)));
  const left = MARGIN + 20 + Math.min(MAX_LABEL, labels) + 6;
  const cells = {
    width: Math.min(CELLS.max, Math.max(CELLS.min, first.grid.columns * CELLS.column)),
    height: first.grid.rows * Math.min(ROW.max, Math.max(ROW.min, ROW.panel / first.grid.rows)),
  };
  const width = Math.max(420, left + across * (cells.width + BAR.gap + BAR.space) + MARGIN);
  const line = HEAD + cells.height + bottomSpace(first) + 8;
  return drawTitled(picture, width, Math.ceil(panels.length / across) * line, (context, top) => {
    panels.forEach((panel, i) => {
      const x = left + (i % across) * (cells.width + BAR.gap + BAR.space);
      const y = top + Math.floor(i / across) * line + HEAD;
      drawGridPanel(context, panel, { x, y, ...cells }, i % across === 0);
    });
  });
}

function drawGridPanel(context: Context, panel: GridPanel, plot: Box, isFirst: boolean): void {
  drawCells(context, panel, panel.scale, plot, unusualMarks(panel));
  context.fillStyle = INK;
  context.font = font(SIZE.note, "bold");
  context.fillText(panel.title, plot.x, plot.y - 10, plot.width);
  if (isFirst) drawRowLabels(context, panel, plot);
  drawColumnLabels(context, panel, plot);
  const bar = {
    x: plot.x + plot.width + BAR.gap,
    y: plot.y,
    width: BAR.width,
    height: Math.min(200, plot.height),
  };
  drawColourBar(context, { ...panel.scale, title: "" }, bar);
  context.fillStyle = INK;
  context.font = font(SIZE.small);
  context.fillText(panel.scale.title, bar.x, plot.y - 10, BAR.space - 4);
}
