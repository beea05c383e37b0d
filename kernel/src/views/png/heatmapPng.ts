import { type ColourScale, type HeatmapPicture, marksOf, type Panel } from "../picture";
import { gridColumns } from "../plotlyFigure";
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

const WIDTH = 760;
const COLOUR_BAR = { width: 12, space: 74 };
/** Rows of one panel are at least and at most this high. */
const ROW = { min: 1, max: 22 };
const PANEL_HEIGHT = 420;

/** The picture as a PNG. */
export function heatmapPng(picture: HeatmapPicture): PngImage {
  const area = { x: MARGIN, width: WIDTH - 2 * MARGIN - COLOUR_BAR.space };
  const single = picture.panels.length === 1;
  const height = single ? singleHeight(picture.panels[0]) : manyHeight(picture, area.width);
  return drawTitled(picture, WIDTH, height, (context, top) => {
    const box = { ...area, y: top, height };
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

function rowHeight({ grid, y }: Panel): number {
  const fitting = PANEL_HEIGHT / grid.rows;
  const readable = y.isText && grid.rows <= 64 ? 13 : ROW.min;
  return Math.min(ROW.max, Math.max(readable, fitting));
}

function singleHeight(panel: Panel): number {
  return Math.max(40, rowHeight(panel) * panel.grid.rows) + bottomSpace(panel);
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
  drawCells(context, panel, scale, plot, marksOf(panel, scale));
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
