import type { TranslationBundle } from "@jupyterlab/translation";
import type { AnyView, Highlight } from "../../tokens";
import { type CellAxis, describePlace, entryAxis, hasNames, plotlyAxis } from "../axis";
import { markUnusual } from "../cells";
import { divergingScale } from "../colors";
import type { Drawing, Frame, MapPlace, Theme } from "../drawing";
import { CELLS_ALONE, inEntries, placed, scaleOf } from "../entries";
import type { Window } from "../live/closeLook";
import { formatValue, largest } from "../numbers";
import type { PlaneData } from "../planeData";

const ROW_HEIGHT = 20;
const MOST_HEIGHT = 460;
const LEAST_HEIGHT = 150;
/** Room beside the cells: axis title, ticks and margins. */
const FRAME_HEIGHT = 80;
const MOST_LABELS = 22;
/** So few rows leave room for three numbers beside the colour bar. */
const FEW_LINES = 4;

/**
 * A heat map centred at zero, so that the colours of signs mean the same in every picture.
 * @param limit end of the colour scale; that of the view, or of these values, if null
 * @param window what of the plane is seen, for labels; all of it if null
 */
export function drawPlane(
  view: AnyView,
  data: PlaneData,
  theme: Theme,
  limit: number | null,
  window: Window | null,
  trans: TranslationBundle,
): Drawing {
  const { rows, y, x } = data;
  // A constant zero still needs a scale.
  const end = view.clip ?? limit ?? (largest(rows) || 1);
  const scale = data.plane ? scaleOf(y, x) : CELLS_ALONE;
  const { origin, step } = scale;
  const marks = markUnusual(rows, theme, trans);
  const notes = [...marks.notes];
  if (view.clip !== null)
    notes.push(trans.__("Values beyond ±%1 have the colour of the limit.", formatValue(view.clip)));
  const map: MapPlace = {
    trace: 0,
    xaxis: "x",
    yaxis: "y",
    rows: rows.length,
    columns: rows[0].length,
    origin: [origin.y, origin.x],
    perCell: [step.y, step.x],
  };
  const ends = linesOf(view, data) > FEW_LINES ? [-end, -end / 2, 0, end / 2, end] : [-end, 0, end];
  const axis = (own: CellAxis, room: number, seen: readonly [number, number] | undefined) =>
    data.plane ? entryAxis(own, theme, room, seen ?? null) : plotlyAxis(own, theme, room);
  return {
    data: [
      {
        type: "heatmap",
        z: rows,
        ...placed(scale),
        zmin: -end,
        zmax: end,
        colorscale: divergingScale(theme),
        hoverinfo: "none",
        colorbar: {
          thickness: 12,
          outlinewidth: 0,
          tickfont: { color: theme.text },
          tickmode: "array",
          tickvals: ends,
          ticktext: ends.map((value) => tick(value, end, view.clip)),
        },
      },
      ...marks.data.map((trace) => inEntries(trace, scale)),
    ],
    layout: {
      xaxis: axis(x, hasNames(x) ? MOST_LABELS : 12, window?.columns),
      yaxis: { ...axis(y, MOST_LABELS, window?.rows), autorange: "reversed" },
    },
    size: (width) => {
      const cells = Math.max(LEAST_HEIGHT - FRAME_HEIGHT, linesOf(view, data) * ROW_HEIGHT);
      return { width, height: Math.min(MOST_HEIGHT, cells + FRAME_HEIGHT) };
    },
    readout: ({ trace: at, row, column }) => {
      const value = rows[row]?.[column];
      if (at !== 0 || value === undefined) return [];
      return [describePlace(y, row, trans), describePlace(x, column, trans), formatValue(value)];
    },
    notes,
    maps: [map],
    link: ({ trace, row, column }) => (trace === 0 ? linkOf(view, data, row, column) : null),
    frames: (highlight) => framesOf(data, map, highlight),
  };
}

/** Rows of the whole plane: the same for all parts of it, so that nothing jumps when a part is looked at closer. */
function linesOf(view: AnyView, { plane, rows }: PlaneData): number {
  if (!plane) return rows.length;
  return plane.row === null ? 1 : view.shape[plane.row];
}

function tick(value: number, end: number, clip: number | null): string {
  const text = formatValue(Number(value.toPrecision(3)));
  if (clip === null) return text;
  return value === -end ? `≤ ${text}` : value === end ? `≥ ${text}` : text;
}

/** Names of dimensions by what they stand for in the model. */
const TOKENS = new Set(["token", "position", "query", "key"]);

function linkOf(view: AnyView, { y, x, plane }: PlaneData, row: number, column: number): Highlight {
  const link: { node: string; token?: number; head?: number } = { node: view.node };
  for (const [axis, at] of [
    [x, column],
    [y, row],
  ] as const) {
    if (TOKENS.has(axis.title)) link.token = axis.index(at);
    else if (axis.title === "head") link.head = axis.index(at);
  }
  const headDim = view.dims.indexOf("head");
  if (plane && headDim >= 0 && plane.row !== headDim && plane.column !== headDim)
    link.head = plane.index[headDim];
  return link;
}

/** The row or column of the token or head that is pointed at. */
function framesOf({ y, x }: PlaneData, map: MapPlace, highlight: Highlight): Frame[] {
  const cellOf = (axis: CellAxis): number | null => {
    const index = TOKENS.has(axis.title)
      ? highlight.token
      : axis.title === "head"
        ? highlight.head
        : undefined;
    if (index === undefined) return null;
    const cell = Math.floor((index - axis.index(0)) / axis.perCell);
    return cell >= 0 && cell < axis.length ? cell : null;
  };
  const [row, column] = [cellOf(y), cellOf(x)];
  if (row === null && column === null) return [];
  return [
    {
      map,
      rows: row === null ? [0, map.rows - 1] : [row, row],
      columns: column === null ? [0, map.columns - 1] : [column, column],
    },
  ];
}
