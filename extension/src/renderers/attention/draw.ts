import type { TranslationBundle } from "@jupyterlab/translation";
import { visibleText } from "../../text";
import type { AnyView, Highlight } from "../../tokens";
import { type CellAxis, describePlace, entryAxis, plotlyAxis } from "../axis";
import { markUnusual } from "../cells";
import { sequentialScale } from "../colors";
import type { Drawing, Frame, MapPlace, Theme } from "../drawing";
import { CELLS_ALONE, inEntries, placed, scaleOf } from "../entries";
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
export function drawHead(
  view: AnyView,
  head: Head,
  { queries, keys, limit }: Heads,
  theme: Theme,
  trans: TranslationBundle,
): Drawing {
  const { rows } = head;
  const marks = markUnusual(rows, theme, trans);
  // Axes count entries where the notebook tells them, so that a zoom stays what it is when more of them are fetched.
  const scale = view.plane ? scaleOf(queries, keys) : CELLS_ALONE;
  const map: MapPlace = {
    trace: 0,
    xaxis: "x",
    yaxis: "y",
    rows: rows.length,
    columns: rows[0].length,
    origin: [scale.origin.y, scale.origin.x],
    perCell: [scale.step.y, scale.step.x],
  };
  const axis = (own: CellAxis) =>
    view.plane ? entryAxis(own, theme, MOST_LABELS, null) : plotlyAxis(own, theme, MOST_LABELS);
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
        ...placed(scale),
        coloraxis: "coloraxis",
        xgap: rows.length > 64 ? 0 : 1,
        ygap: rows.length > 64 ? 0 : 1,
        hoverinfo: "none",
      },
      ...marks.data.map((trace) => inEntries(trace, scale)),
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
      xaxis: { ...axis(keys), constrain: "domain", tickangle: -50 },
      yaxis: {
        ...axis(queries),
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
        trans.__("from %1", describePlace(queries, row, trans)),
        trans.__("to %1", describePlace(keys, column, trans)),
        formatValue(value),
      ];
    },
    notes: marks.notes,
    maps: [map],
    link: ({ trace, row }) => (trace === 0 ? link(row) : null),
    frames: ({ token }) => {
      if (token === undefined) return [];
      const at = Math.floor((token - queries.index(0)) / queries.perCell);
      return at >= 0 && at < map.rows ? [frame(at, null)] : [];
    },
  };
}
