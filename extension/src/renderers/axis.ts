import type { TranslationBundle } from "@jupyterlab/translation";
import { tokenLabel } from "../text";
import type { AnyView } from "../tokens";
import type { Figure, HeatmapTrace, Theme, Ticks } from "./drawing";
import { plotlyText, shorten } from "./plotlyText";

/** Most characters of a label on an axis. */
const LONGEST_LABEL = 16;
/** Dimensions whose places are tokens. */
export const TOKEN_DIMENSIONS = new Set(["token", "position", "query", "key"]);

/** One axis of a heat map: its title, and what each row or column is called. */
export interface CellAxis {
  readonly title: string;
  /** Name of a row or column, such as a token; null where they are only numbered. */
  name(at: number): string | null;
  /** Index in the whole tensor, also where the picture leaves some out. */
  index(at: number): number;
  /** Entries of the tensor that one row or column stands for. */
  readonly perCell: number;
  readonly length: number;
  /** Where the kernel labels the axis; null where it does not. */
  readonly ticks: Ticks | null;
}

/** The axis of the rows (`y`) or columns (`x`) of a heat map. */
export function cellAxis(view: AnyView, figure: Figure, trace: HeatmapTrace, axis: "x" | "y"): CellAxis {
  const length = axis === "y" ? trace.rows.length : (trace.rows[0]?.length ?? 0);
  const places = trace[axis];
  // Small pictures beside each other have no axis titles of their own.
  const title = (axis === "y" ? figure.yTitle : figure.xTitle) || dimensionOf(view, axis);
  const ticks = axis === "y" ? figure.yTicks : figure.xTicks;
  const perCell = places ? 1 : entriesPerCell(ticks, view.shape[view.dims.indexOf(title)], length);
  const index = (at: number): number => {
    const place = places?.[at];
    return typeof place === "number" ? place : at * perCell;
  };
  const tokens = TOKEN_DIMENSIONS.has(title) ? view.tokens : null;
  const name = (at: number): string | null => {
    const token = tokens?.[index(at)];
    if (token !== undefined) return tokenLabel(token);
    const place = places?.[at];
    if (typeof place === "string") return tokenLabel(place);
    const tick = ticks ? ticks.values.indexOf(at) : -1;
    const label = ticks?.labels[tick];
    return label === undefined || /^\d+$/.test(label) ? null : tokenLabel(label);
  };
  return { title, name, index, perCell, length, ticks };
}

/** A merged axis numbers its ticks in entries: the tick `300` at cell 100 says that a cell stands for 3. */
function entriesPerCell(ticks: Ticks | null, size: number | undefined, cells: number): number {
  const numbered = ticks?.values.findIndex((at, tick) => at > 0 && /^\d+$/.test(ticks.labels[tick])) ?? -1;
  if (ticks && numbered >= 0) {
    return Math.max(1, Math.round(Number(ticks.labels[numbered]) / ticks.values[numbered]));
  }
  return size === undefined ? 1 : Math.max(1, Math.ceil(size / cells));
}

/** Rows are the last dimension but one, columns the last. */
function dimensionOf(view: AnyView, axis: "x" | "y"): string {
  return view.dims[view.dims.length - (axis === "y" ? 2 : 1)] ?? "";
}

/** Plotly's axis where it counts the entries of the tensor: every name where there is room, else as many as fit. */
export function entryAxis(
  axis: CellAxis,
  theme: Theme,
  room: number,
  seen: readonly [number, number] | null,
): Record<string, unknown> {
  const [first, last] = [axis.index(0), axis.index(axis.length) - 1];
  const [from, to] = seen ? [Math.max(first, seen[0]), Math.min(last, seen[1])] : [first, last];
  const rough = Math.max(1, Math.ceil((to - from + 1) / Math.max(1, room)));
  const ticks: { at: number; text: string }[] = [];
  if (hasNames(axis)) {
    for (let cell = 0; cell < axis.length; cell++) {
      const at = axis.index(cell) + (axis.perCell - 1) / 2;
      if (at < from || at > to || (cell * axis.perCell) % rough >= axis.perCell) continue;
      ticks.push({ at, text: shorten(axis.name(cell) ?? String(axis.index(cell)), LONGEST_LABEL) });
    }
  } else {
    const step = niceStep(rough);
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push({ at, text: String(at) });
  }
  return {
    ...frameOf(axis, theme),
    tickmode: "array",
    tickvals: ticks.map(({ at }) => at),
    ticktext: ticks.map(({ text }) => plotlyText(text)),
  };
}

/** The smallest of 1, 2, 5, 10, 20, … that is not below `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return ([1, 2, 5].find((factor) => factor * power >= step) ?? 10) * power;
}

/** Plotly's axis for the cells: every name where there is room for it, else as many as fit. */
export function plotlyAxis(axis: CellAxis, theme: Theme, room: number): Record<string, unknown> {
  const base = frameOf(axis, theme);
  // Numbers are round where the kernel chose them; names are laid out here, for the room there is.
  if (axis.ticks && !hasNames(axis)) {
    const { values, labels } = axis.ticks;
    return { ...base, tickmode: "array", tickvals: values, ticktext: labels.map(plotlyText) };
  }
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

function frameOf(axis: CellAxis, theme: Theme): Record<string, unknown> {
  return {
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
}

/** Whether any row or column has a name of its own. */
export function hasNames(axis: CellAxis): boolean {
  for (let at = 0; at < axis.length; at++) if (axis.name(at) !== null) return true;
  return false;
}

/** `token 3 “ Paris”` for the place under the pointer. */
export function describePlace(axis: CellAxis, at: number, trans: TranslationBundle): string {
  const name = axis.name(at);
  const title = axis.title || trans.__("index");
  const index = axis.index(at);
  const range = axis.perCell > 1 ? `${index}–${index + axis.perCell - 1}` : String(index);
  return name === null ? `${title} ${range}` : `${title} ${range}: ${name}`;
}
