import type { ViewPlane } from "@graphpatch/kernel/protocol";
import { visibleText } from "../../text";
import type { AnyView } from "../../tokens";
import type { Place } from "../drawing";
import type { Zoom } from "../picture";
import { type PlaneData, planeAxis } from "../planeData";
import type { ViewContent, ViewTools } from "../viewBody";
import { MissingValuesError, type Region } from "./valuesClient";

/** Which plane of a tensor the reader wants. */
export type Choice = Pick<ViewPlane, "row" | "column" | "index">;

/** The entries of the axes that are seen: first and last. */
export interface Window {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** Waits so long before the kernel is asked, so that a moving pointer or slider asks for where it stops. */
export const SETTLE_MS = 120;

/** So many values behind a cell can be read out. */
const MOST_BEHIND = 64;

/** So many are all listed. */
const MOST_LISTED = 4;

export function sizeOf({ shape }: AnyView, dim: number | null): number {
  return dim === null ? 1 : shape[dim];
}

export function wholeOf(view: AnyView, { row, column }: Choice): Window {
  return { rows: [0, sizeOf(view, row) - 1], columns: [0, sizeOf(view, column) - 1] };
}

/** Entries that are seen, at least in part. */
export function windowOf({ x, y }: Zoom, view: AnyView, choice: Choice): Window {
  const entries = (range: readonly [number, number], size: number): [number, number] => {
    const [from, to] = [Math.min(...range), Math.max(...range)];
    const first = Math.min(size - 1, Math.max(0, Math.floor(from + 0.5)));
    return [first, Math.max(first, Math.min(size - 1, Math.ceil(to - 0.5)))];
  };
  return { rows: entries(y, sizeOf(view, choice.row)), columns: entries(x, sizeOf(view, choice.column)) };
}

/** Asks the kernel for a part of what a view shows. @throws MissingValuesError, in words to show */
export async function fetchWindow(
  { view }: ViewContent,
  { scope, trans }: ViewTools,
  choice: Choice,
  window: Window,
  most: readonly [number, number],
): Promise<Region> {
  const { handle } = view;
  const values = scope?.values() ?? null;
  if (!values) {
    throw new MissingValuesError("unreachable", trans.__("There is no kernel to ask for other values."));
  }
  if (handle === undefined) {
    throw new MissingValuesError("gone", trans.__("The kernel does not keep the values of this picture."));
  }
  return values.region({
    handle,
    row: choice.row,
    column: choice.column,
    index: [...choice.index],
    rows: [window.rows[0], window.rows[1] + 1],
    columns: [window.columns[0], window.columns[1] + 1],
    most: [...most],
  });
}

/** A part of a tensor as it is drawn. */
export function dataOf(view: AnyView, choice: Choice, window: Window, region: Region): PlaneData {
  const { rows, columns, rowsPerCell, columnsPerCell, values } = region;
  return {
    rows: Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns)),
    y: planeAxis(view, choice.row, window.rows[0], rows, rowsPerCell),
    x: planeAxis(view, choice.column, window.columns[0], columns, columnsPerCell),
    plane: { ...choice, rowsPerCell, columnsPerCell },
  };
}

/** The values behind one cell in full; null where they are too many, or the kernel has them no more. */
export async function exactAt(
  content: ViewContent,
  tools: ViewTools,
  { y, x, plane }: PlaneData,
  { row, column }: Place,
): Promise<string[] | null> {
  if (!plane || y.perCell * x.perCell > MOST_BEHIND) return null;
  const whole = wholeOf(content.view, plane);
  const cell = ({ perCell, index }: typeof y, at: number, last: number): [number, number] => [
    index(at),
    Math.min(last, index(at) + perCell - 1),
  ];
  const behind = { rows: cell(y, row, whole.rows[1]), columns: cell(x, column, whole.columns[1]) };
  try {
    const region = await fetchWindow(content, tools, plane, behind, [MOST_BEHIND, MOST_BEHIND]);
    return exactLines(region, behind, y.title, x.title, tools);
  } catch {
    // The readout keeps the value of the picture; sliders and zoom say why there is no other.
    return null;
  }
}

/** The one value, or the largest of those behind a cell and where it is. */
function exactLines(
  { exact, values, rows, columns }: Region,
  behind: Window,
  yTitle: string,
  xTitle: string,
  { trans }: ViewTools,
): string[] | null {
  if (!exact) return null;
  if (exact.length === 1) return [exact[0]];
  let best = 0;
  values.forEach((value, i) => {
    if (Number.isNaN(values[best])) return;
    if (Number.isNaN(value) || Math.abs(value) > Math.abs(values[best])) best = i;
  });
  const places = [
    ...(rows > 1 ? [`${yTitle} ${behind.rows[0] + Math.floor(best / columns)}`] : []),
    ...(columns > 1 ? [`${xTitle} ${behind.columns[0] + (best % columns)}`] : []),
  ];
  const line = visibleText(trans.__("%1 at %2", exact[best], places.join(", ")));
  return exact.length > MOST_LISTED ? [line] : [line, visibleText(trans.__("of %1", exact.join(", ")))];
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
