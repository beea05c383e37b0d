import type { AnyView, IDrawnKind } from "../tokens";
import { type CellAxis, cellAxis, describePlace, plotlyAxis } from "./axis";
import { heatmapsOf, markUnusual } from "./cells";
import { sequentialScale } from "./colors";
import type { Drawing, Figure, HeatmapTrace, Theme } from "./drawing";
import { formatValue, largest } from "./numbers";
import { axisSuffix, plotlyText } from "./plotlyText";

const CELL = 24;
const MOST_CELLS = 480;
const LEAST_CELLS = 160;
/** Room beside the cells: axis titles, labels and the colour bar. */
const FRAME_WIDTH = 210;
const FRAME_HEIGHT = 90;
const MOST_LABELS = 24;
/** Small pictures of heads beside each other. */
const PANEL_WIDTH = 170;
const PANEL_GAP = 0.12;

/** Probabilities of attention: each row is a token, and says from where it reads. One head large, or all of them small. */
export const attentionView: IDrawnKind = {
  draw(view: AnyView, figure: Figure, theme: Theme): Drawing {
    const heads = heatmapsOf(figure);
    // Probabilities begin at 0; where the scale ends is the same for all heads.
    const limit =
      figure.colorLimits?.max ?? heads[0].zmax ?? (Math.max(...heads.map(({ rows }) => largest(rows))) || 1);
    const queries = cellAxis(view, figure, heads[0], "y");
    const keys = cellAxis(view, figure, heads[0], "x");
    const colorAxis = {
      cmin: 0,
      cmax: limit,
      colorscale: sequentialScale(theme),
      colorbar: { thickness: 12, outlinewidth: 0, tickfont: { color: theme.text }, nticks: 6 },
    };
    const readout: Drawing["readout"] = ({ trace, row, column }) => {
      const value = heads[trace]?.rows[row]?.[column];
      if (value === undefined) return [];
      const head = heads.length > 1 ? [figure.panelTitles[trace] || `panel ${trace}`] : [];
      return [
        ...head,
        `from ${describePlace(queries, row)}`,
        `to ${describePlace(keys, column)}`,
        formatValue(value),
      ];
    };
    return heads.length === 1
      ? { ...drawOne(heads[0], queries, keys, colorAxis, theme), readout }
      : { ...drawMany(heads, figure.panelTitles, colorAxis, theme), readout };
  },
};

type Picture = Omit<Drawing, "readout">;

function heatmap(trace: HeatmapTrace, gap: number, axis: string): Record<string, unknown> {
  return {
    type: "heatmap",
    z: trace.rows,
    coloraxis: "coloraxis",
    xgap: gap,
    ygap: gap,
    hoverinfo: "none",
    xaxis: `x${axis}`,
    yaxis: `y${axis}`,
  };
}

function drawOne(
  trace: HeatmapTrace,
  queries: CellAxis,
  keys: CellAxis,
  coloraxis: Record<string, unknown>,
  theme: Theme,
): Picture {
  const marks = markUnusual(trace.rows, theme);
  return {
    data: [heatmap(trace, 1, ""), ...marks.data],
    layout: {
      coloraxis,
      // Cells are square, whatever the width of the page.
      xaxis: { ...plotlyAxis(keys, theme, MOST_LABELS), constrain: "domain", tickangle: -50 },
      yaxis: {
        ...plotlyAxis(queries, theme, MOST_LABELS),
        autorange: "reversed",
        scaleanchor: "x",
        constrain: "domain",
      },
    },
    size: (width) => {
      const cells = Math.max(LEAST_CELLS, Math.min(MOST_CELLS, queries.length * CELL));
      return { width: Math.min(width, cells + FRAME_WIDTH), height: cells + FRAME_HEIGHT };
    },
    notes: marks.notes,
  };
}

/** All heads, each too small for labels: the pointer tells what a cell is. */
function drawMany(
  heads: readonly HeatmapTrace[],
  titles: readonly string[],
  coloraxis: Record<string, unknown>,
  theme: Theme,
): Picture {
  const columns = Math.min(heads.length, 5);
  const rows = Math.ceil(heads.length / columns);
  const layout: Record<string, unknown> = { coloraxis };
  const annotations = heads.map((_, at) => {
    const x = span(at % columns, columns);
    const y = span(rows - 1 - Math.floor(at / columns), rows);
    const axis = axisSuffix(at);
    layout[`xaxis${axis}`] = { domain: x, visible: false, anchor: `y${axis}` };
    layout[`yaxis${axis}`] = { domain: y, visible: false, anchor: `x${axis}`, autorange: "reversed" };
    return {
      text: plotlyText(titles[at] ?? String(at)),
      x: x[0],
      y: y[1],
      xref: "paper",
      yref: "paper",
      xanchor: "left",
      yanchor: "bottom",
      showarrow: false,
      font: { size: 11, color: theme.text },
    };
  });
  return {
    data: heads.map((head, at) => heatmap(head, 0, axisSuffix(at))),
    layout: { ...layout, annotations },
    size: (width) => {
      const used = Math.min(width, columns * PANEL_WIDTH + 80);
      return { width: used, height: rows * ((used - 80) / columns) + 20 };
    },
    notes: ["Rows are queries, columns are keys."],
  };
}

/** The part of 0…1 that the `at`-th of `count` panels takes. */
function span(at: number, count: number): [number, number] {
  return [(at + PANEL_GAP / 2) / count, (at + 1 - PANEL_GAP) / count];
}
