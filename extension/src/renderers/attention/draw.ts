import { visibleText } from "../../text";
import type { AnyView, Highlight } from "../../tokens";
import { describePlace, plotlyAxis } from "../axis";
import { markUnusual } from "../cells";
import { sequentialScale } from "../colors";
import type { Drawing, Frame, MapPlace, Theme } from "../drawing";
import { formatValue } from "../numbers";
import type { Head, Heads } from "./heads";

const CELL = 24;
const MOST_CELLS = 480;
const LEAST_CELLS = 160;
/** Room beside the cells: axis titles, labels and the colour bar. */
const FRAME_WIDTH = 210;
const FRAME_HEIGHT = 106;
const MOST_LABELS = 24;

/** One head, large: each row is a token, and says from where it reads. */
export function drawHead(view: AnyView, head: Head, { queries, keys, limit }: Heads, theme: Theme): Drawing {
  const { rows } = head;
  const marks = markUnusual(rows, theme);
  const map: MapPlace = { trace: 0, xaxis: "x", yaxis: "y", rows: rows.length, columns: rows[0].length };
  const frame = (row: number | null, column: number | null): Frame => ({
    map,
    rows: row === null ? [0, map.rows - 1] : [row, row],
    columns: column === null ? [0, map.columns - 1] : [column, column],
  });
  const link = (row: number): Highlight => ({
    node: view.node,
    token: queries.index(row),
    ...(head.number === null ? {} : { head: head.number }),
  });
  return {
    data: [
      {
        type: "heatmap",
        z: rows,
        coloraxis: "coloraxis",
        xgap: rows.length > 64 ? 0 : 1,
        ygap: rows.length > 64 ? 0 : 1,
        hoverinfo: "none",
      },
      ...marks.data,
    ],
    layout: {
      // Probabilities begin at 0; where the scale ends is the same for all heads.
      coloraxis: {
        cmin: 0,
        cmax: limit,
        colorscale: sequentialScale(theme),
        colorbar: { thickness: 12, outlinewidth: 0, tickfont: { color: theme.text }, nticks: 6 },
      },
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
      const cells = Math.max(LEAST_CELLS, Math.min(MOST_CELLS, rows.length * CELL));
      return { width: Math.min(width, cells + FRAME_WIDTH), height: cells + FRAME_HEIGHT };
    },
    readout: ({ trace, row, column }) => {
      const value = trace === 0 ? rows[row]?.[column] : undefined;
      if (value === undefined) return [];
      return [
        visibleText(head.title),
        `from ${describePlace(queries, row)}`,
        `to ${describePlace(keys, column)}`,
        formatValue(value),
      ];
    },
    notes: marks.notes,
    maps: [map],
    link: ({ trace, row }) => (trace === 0 ? link(row) : null),
    frames: ({ token }) => {
      if (token === undefined) return [];
      const at = Math.floor(token / queries.perCell);
      return at < map.rows ? [frame(at, null)] : [];
    },
  };
}
