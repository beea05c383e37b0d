import { tokenLabel } from "../text";
import type { AnyView } from "../tokens";
import type { Figure, HeatmapTrace, Theme } from "./drawing";
import { plotlyText, shorten } from "./plotlyText";

/** Most characters of a label on an axis. */
const LONGEST_LABEL = 16;
/** Dimensions whose places are tokens. */
const TOKEN_DIMENSIONS = new Set(["token", "position", "sequence", "query", "key"]);

/** One axis of a heat map: its title, and what each row or column is called. */
export interface CellAxis {
  readonly title: string;
  /** Name of a row or column, such as a token; null where they are only numbered. */
  name(at: number): string | null;
  /** Index in the whole tensor, also where the picture leaves some out. */
  index(at: number): number;
  readonly length: number;
}

/** The axis of the rows (`y`) or columns (`x`) of a heat map. */
export function cellAxis(view: AnyView, figure: Figure, trace: HeatmapTrace, axis: "x" | "y"): CellAxis {
  const length = axis === "y" ? trace.rows.length : (trace.rows[0]?.length ?? 0);
  const places = trace[axis];
  const title = (axis === "y" ? figure.yTitle : figure.xTitle) ?? dimensionOf(view, axis);
  const ticks = axis === "y" ? figure.yTicks : figure.xTicks;
  const index = (at: number): number => {
    const place = places?.[at];
    return typeof place === "number" ? place : at;
  };
  const tokens = TOKEN_DIMENSIONS.has(dimensionOf(view, axis)) ? view.tokens : null;
  const name = (at: number): string | null => {
    const token = tokens?.[index(at)];
    if (token !== undefined) return tokenLabel(token);
    const place = places?.[at];
    if (typeof place === "string") return tokenLabel(place);
    const tick = ticks ? ticks.values.indexOf(index(at)) : -1;
    const label = ticks?.labels[tick];
    return label === undefined || label === String(index(at)) ? null : tokenLabel(label);
  };
  return { title, name, index, length };
}

/** Rows are the last dimension but one, columns the last. */
function dimensionOf(view: AnyView, axis: "x" | "y"): string {
  return view.dims[view.dims.length - (axis === "y" ? 2 : 1)] ?? "";
}

/** Plotly's axis for the cells: every name where there is room for it, else as many as fit. */
export function plotlyAxis(axis: CellAxis, theme: Theme, room: number): Record<string, unknown> {
  const base = {
    title: { text: plotlyText(axis.title), font: { color: theme.mutedText, size: 12 }, standoff: 8 },
    color: theme.text,
    gridcolor: "transparent",
    zeroline: false,
    showline: false,
    // Ticks that are not seen keep labels off the cells.
    ticks: "outside",
    ticklen: 4,
    tickcolor: "transparent",
    automargin: true,
  };
  const step = Math.max(1, Math.ceil(axis.length / Math.max(1, room)));
  const places: number[] = [];
  for (let at = 0; at < axis.length; at += step) places.push(at);
  return {
    ...base,
    tickmode: "array",
    tickvals: places,
    ticktext: places.map((at) => plotlyText(shorten(axis.name(at) ?? String(axis.index(at)), LONGEST_LABEL))),
  };
}

/** Whether any row or column has a name of its own. */
export function hasNames(axis: CellAxis): boolean {
  for (let at = 0; at < axis.length; at++) if (axis.name(at) !== null) return true;
  return false;
}

/** `token 3 “ Paris”` for the place under the pointer. */
export function describePlace(axis: CellAxis, at: number): string {
  const name = axis.name(at);
  const title = axis.title || "index";
  return name === null ? `${title} ${axis.index(at)}` : `${title} ${axis.index(at)}: ${name}`;
}
