import type { View } from "../../protocol";
import type { Drawing } from "../drawing";
import { tokenLabel } from "../labels";
import type { Live } from "../live/handles";
import { gridPng } from "../png/gridPng";
import { formatNumber, summarize, viewStatistics } from "../statistics";
import { gridFigure } from "./figure";
import { gridPicture } from "./picture";
import type { GridMap, GridSource } from "./source";

/** Wider tables do not fit a page of text. */
const MAX_TEXT_COLUMNS = 16;
const MAX_TEXT_ROWS = 64;

/** Maps of rows × columns side by side, each with a colour scale of its own. */
export function drawGrid(source: GridSource): Drawing {
  const { title, measured, rows, columns, maps, reference, origin, starred, n } = source;
  const picture = gridPicture(source);
  const all = maps.flatMap(({ values }) => [...values]);
  const shape = [rows.labels.length, columns.labels.length];
  const view: View = {
    kind: "grid",
    node: title,
    shape: maps.length > 1 ? [maps.length, ...shape] : shape,
    dtype: "float64",
    dims: [...(maps.length > 1 ? ["map"] : []), rows.name, columns.name],
    tokens: rows.name === "token" ? [...rows.labels] : null,
    statistics: viewStatistics(summarize(all)),
    truncated: null,
    clip: null,
    grid: {
      measured,
      rows,
      columns,
      panels: maps.map(({ title: name, palette }) => ({ title: name, palette })),
      starred: [...starred],
      reference,
      ...(origin ? { origin } : {}),
      n,
    },
  };
  const text = [`${title}  ${picture.subtitle}`, ...maps.flatMap((map) => mapText(map, source))].join("\n");
  const live: Live | undefined = source.result && { kind: "result", result: source.result };
  return { view, figure: gridFigure(picture), png: () => gridPng(picture), text, live };
}

/** The highest cell of a map, and its numbers where they fit. */
function mapText(map: GridMap, { rows, columns, starred, measured }: GridSource): string[] {
  const best = highest(map.values);
  const width = columns.labels.length;
  const describeCell = (cell: number): string => {
    const [row, column] = [Math.floor(cell / width), cell % width];
    const error =
      map.errors && Number.isFinite(map.errors[cell]) ? ` ± ${formatNumber(map.errors[cell])}` : "";
    return `highest ${measured} ${formatNumber(map.values[cell])}${error} at ${rows.name} ${row} (${label(row)}), ${columns.name} ${columns.labels[column]}`;
  };
  const label = (at: number) => tokenLabel(rows.labels[at]) + (starred.includes(at) ? "*" : "");
  const lines = [`${map.title === "" ? "" : `${map.title}: `}${best < 0 ? "no values" : describeCell(best)}`];
  if (width > MAX_TEXT_COLUMNS || rows.labels.length > MAX_TEXT_ROWS) return lines;
  const names = rows.labels.map((_, at) => label(at));
  const numbers = Array.from(map.values, formatNumber);
  const left = Math.max(...names.map((name) => name.length));
  const wide = Math.max(
    ...numbers.map((number) => number.length),
    ...columns.labels.map((name) => name.length),
  );
  lines.push(`${" ".repeat(left)}  ${columns.labels.map((name) => name.padStart(wide)).join("  ")}`);
  names.forEach((name, at) => {
    const cells = numbers.slice(at * width, (at + 1) * width).map((number) => number.padStart(wide));
    lines.push(`${name.padEnd(left)}  ${cells.join("  ")}`);
  });
  return lines;
}

/** Index of the largest finite value; -1 for none. */
function highest(values: Float64Array): number {
  let best = -1;
  values.forEach((value, i) => {
    if (Number.isFinite(value) && (best < 0 || value > values[best])) best = i;
  });
  return best;
}
