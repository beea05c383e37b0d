import type { View } from "../protocol";
import type { Drawing } from "./drawing";
import type { LinePicture, Series } from "./picture";
import { lineFigure } from "./plotlyFigure";
import { linePng } from "./png/linePng";
import { formatNumber } from "./statistics";

/** One line, several, or several by name. A tensor's `tolist()` fits. */
export type LineValues =
  | readonly number[]
  | readonly (readonly number[])[]
  | Readonly<Record<string, readonly number[]>>;

export interface LineOptions {
  title?: string;
  /** Title of the x axis; "step" unless given. */
  x?: string;
  /** Title of the y axis. */
  y?: string;
}

const MAX_TEXT_VALUES = 10;

/** A chart of values over their index. @throws TypeError when there is nothing to draw */
export function drawLines(values: LineValues, { title = "", x = "step", y = "" }: LineOptions = {}): Drawing {
  const series = seriesOf(values, y);
  const picture: LinePicture = { title, xTitle: x, yTitle: y, series };
  const view: View = {
    kind: "line",
    node: title === "" ? y : title,
    shape: [series.length, Math.max(0, ...series.map((one) => one.y.length))],
    dtype: "float64",
    dims: ["series", x],
    tokens: null,
    statistics: null,
    truncated: null,
    clip: null,
  };
  return { view, figure: lineFigure(picture), png: () => linePng(picture), text: textOf(title, series) };
}

function seriesOf(values: LineValues, name: string): Series[] {
  const named = Array.isArray(values)
    ? (values as readonly unknown[]).every((value) => typeof value === "number")
      ? { [name === "" ? "value" : name]: values as readonly number[] }
      : (values as readonly (readonly number[])[])
    : (values as Readonly<Record<string, readonly number[]>>);
  const entries = Object.entries<readonly number[]>(named as Record<string, readonly number[]>);
  if (
    entries.length === 0 ||
    entries.some(([, y]) => !Array.isArray(y) || y.some((value) => typeof value !== "number"))
  ) {
    throw new TypeError("lineChart: expected a list of numbers, a list of lists, or lists by name");
  }
  return entries.map(([label, y]) => ({ name: label, x: y.map((_, i) => i), y: [...y] }));
}

function textOf(title: string, series: readonly Series[]): string {
  const lines = series.map(({ name, y }) => {
    const shown = y.length > MAX_TEXT_VALUES ? [...y.slice(0, 5), null, ...y.slice(-4)] : y;
    const values = shown.map((value) => (value === null ? "…" : formatNumber(value))).join(", ");
    return `${name}: ${values}  (${y.length} values)`;
  });
  return (title === "" ? lines : [title, ...lines]).join("\n");
}
