import type { ViewGrid } from "@graphpatch/kernel/protocol";
import type { TranslationBundle } from "@jupyterlab/translation";
import { tokenLabel, visibleText } from "../text";
import type { AnyView, Highlight, IDrawnKind } from "../tokens";
import { heatmapsOf, markUnusual } from "./cells";
import { paletteScale } from "./colors";
import type { Drawing, Figure, Frame, HeatmapTrace, MapPlace, Theme } from "./drawing";
import { FigureError } from "./figure";
import { formatValue } from "./numbers";
import { axisSuffix, plotlyText, shorten } from "./plotlyText";

const ROW_HEIGHT = 20;
const HEIGHTS = { min: 110, max: 640 };
const FRAME = { top: 26, bottom: 58, buttons: 16 };
/** Panels beside each other, where the page is wide enough. */
const MOST_ACROSS = 3;
const LEAST_WIDTH = 230;
/** Beside the panels of a line: labels of rows; and beside each panel: its colour bar. */
const LABELS = { letter: 7, beside: 30, min: 60 };
const BAR = 82;
const CELLS = { column: 28, min: 150 };
const LONGEST_LABEL = 22;
/** Of a colour bar: as much as fits above it, beside the next panel's title. */
/** Characters that stand above a colour bar: those that fit behind the map, and the most, which reach over it a little. */
const BAR_TITLE = 13;
const LONGEST_TITLE = 15;
const MOST_ROW_LABELS = 64;

/** Maps of tokens × layers and the like, side by side, after ROME: each with its own colours and bar, subject tokens starred. */
export const gridView: IDrawnKind = {
  hidesShape: true,
  draw(view: AnyView, figure: Figure, theme: Theme, trans: TranslationBundle): Drawing {
    const { grid } = view;
    if (!grid) throw new FigureError("The description of this grid is missing.");
    const maps = heatmapsOf(figure).map((trace, at) => ({ trace, panel: grid.panels[at] }));
    if (maps.length !== grid.panels.length || maps.some(({ trace }) => !fits(trace, grid))) {
      throw new FigureError("The values of this grid do not fit its labels.");
    }
    const starred = new Set(grid.starred);
    const marks = maps.map(({ trace }, at) => {
      const { data, notes } = markUnusual(trace.rows, theme, trans);
      const axes = { xaxis: `x${axisSuffix(at)}`, yaxis: `y${axisSuffix(at)}` };
      return { data: data.map((own) => ({ ...own, ...axes })), notes };
    });
    const places = maps.map(
      ({ trace }, at): MapPlace => ({
        trace: at,
        xaxis: `x${axisSuffix(at)}`,
        yaxis: `y${axisSuffix(at)}`,
        rows: trace.rows.length,
        columns: trace.rows[0].length,
      }),
    );
    const describe = (panel: number, row: number, column: number): string[] => {
      const value = maps[panel]?.trace.rows[row]?.[column];
      if (value === undefined) return [];
      const title = grid.panels[panel].title;
      return [
        ...(title === "" ? [] : [visibleText(title)]),
        starred.has(row) ? trans.__("%1 (subject)", placeLabel(grid.rows, row)) : placeLabel(grid.rows, row),
        placeLabel(grid.columns, column),
        visibleText(
          `${grid.measured} ${describeValue(maps[panel].trace, row, column, grid.n, trans)}`.trim(),
        ),
      ];
    };
    return {
      data: [
        ...maps.map(({ trace, panel }, at) => ({
          type: "heatmap",
          z: trace.rows,
          coloraxis: `coloraxis${axisSuffix(at)}`,
          xgap: 1,
          ygap: 1,
          hoverinfo: "none",
          name: plotlyText(panel.title),
          xaxis: `x${axisSuffix(at)}`,
          yaxis: `y${axisSuffix(at)}`,
        })),
        ...marks.flatMap(({ data }) => data),
      ],
      layout: {},
      arrange: (width) => arrange(width, maps, grid, theme),
      size: (width) => {
        const { down, height, used } = measures(width, maps.length, grid);
        return { width: used, height: down * (height + FRAME.top + FRAME.bottom) + FRAME.buttons + 8 };
      },
      readout: ({ trace, row, column }) => describe(trace, row, column),
      notes: notesOf(
        grid,
        maps,
        marks.flatMap(({ notes }) => notes),
        trans,
      ),
      maps: places,
      link: ({ trace, row, column }) => linkOf(grid, trace, row, column),
      frames: (highlight) => framesOf(grid, places, highlight),
      cell: ({ trace, row, column }) =>
        trace < maps.length
          ? { title: describe(trace, row, column).join(" · "), panel: trace, row, column }
          : null,
    };
  },
};

function fits({ rows }: HeatmapTrace, { rows: y, columns: x }: ViewGrid): boolean {
  return rows.length === y.labels.length && rows[0].length === x.labels.length;
}

/** `layer 5`, or `token 3: ␣Tower`. */
function placeLabel({ name, labels }: ViewGrid["rows"], at: number): string {
  const label = tokenLabel(labels[at] ?? "");
  const place = visibleText(name);
  return label === String(at) ? `${place} ${at}` : `${place} ${at}: ${label}`;
}

/** `0.41 ± 0.03 (standard error, n = 10)`. */
function describeValue(
  trace: HeatmapTrace,
  row: number,
  column: number,
  n: number | null,
  trans: TranslationBundle,
): string {
  const value = trace.rows[row][column];
  if (Number.isNaN(value)) return trans.__("not measured");
  const error = trace.errors?.[row][column];
  const about = [error === undefined ? "" : trans.__("standard error"), n === null ? "" : `n = ${n}`].filter(
    (part) => part !== "",
  );
  const range = error === undefined ? "" : ` ± ${formatValue(error)}`;
  return `${formatValue(value)}${range}${about.length > 0 ? ` (${about.join(", ")})` : ""}`;
}

function notesOf(
  grid: ViewGrid,
  maps: readonly { trace: HeatmapTrace }[],
  marks: readonly string[],
  trans: TranslationBundle,
): string[] {
  const notes: string[] = [];
  if (grid.measured.length > LONGEST_TITLE) notes.push(visibleText(trans.__("Measured: %1", grid.measured)));
  if (grid.starred.length > 0) notes.push(trans.__("* marks the subject’s tokens."));
  if (grid.reference !== null) {
    notes.push(originNote(grid, grid.reference, trans));
    const below = maps.reduce(
      (count, { trace }, at) =>
        grid.panels[at].palette === "diverging" ? count : count + countBelow(trace, grid.reference as number),
      0,
    );
    if (below > 0)
      notes.push(trans.__("%1 cells lie below it and have its colour.", below.toLocaleString("en")));
  }
  if (grid.n !== null && grid.n > 1) notes.push(trans.__("Each cell is a mean of %1 measurements.", grid.n));
  return [...notes, ...new Set(marks)];
}

/** What the colours are measured from. */
function originNote({ panels, origin }: ViewGrid, reference: number, trans: TranslationBundle): string {
  const value = formatValue(reference);
  if (origin === "same") return trans.__("Colours begin at no change.");
  const isCentre = panels.every(({ palette }) => palette === "diverging");
  if (isCentre) {
    return origin === "base"
      ? trans.__("The middle of the colours is the value without the cells’ patches, %1.", value)
      : trans.__("The middle of the colours is %1.", value);
  }
  return origin === "corrupted"
    ? trans.__("Colours begin at the score of the corrupted run, %1.", value)
    : trans.__("Colours begin at %1.", value);
}

function countBelow({ rows }: HeatmapTrace, least: number): number {
  let count = 0;
  for (const row of rows) for (let at = 0; at < row.length; at++) if (row[at] < least) count++;
  return count;
}

/** How many panels stand beside each other, and how large their cells are together. */
function measures(width: number, count: number, { rows, columns }: ViewGrid) {
  const labels = labelRoom(rows.labels);
  const fitting = Math.max(1, Math.floor((width - labels) / LEAST_WIDTH));
  const across = Math.min(count, MOST_ACROSS, fitting);
  const down = Math.ceil(count / across);
  const height = Math.min(HEIGHTS.max, Math.max(HEIGHTS.min, rows.labels.length * ROW_HEIGHT));
  const wanted = labels + across * (Math.max(CELLS.min, columns.labels.length * CELLS.column) + BAR);
  const used = Math.min(width, wanted);
  return { across, down, height, used, labels };
}

/** Room for the longest of the rows' labels, the axis title and the margin. */
function labelRoom(labels: readonly string[]): number {
  const longest = Math.max(1, ...labels.map((label) => tokenLabel(label).length + 1));
  return Math.max(LABELS.min, LABELS.beside + LABELS.letter * Math.min(LONGEST_LABEL, longest));
}

/** Axes, colour bars and titles for a picture of this width. */
function arrange(
  width: number,
  maps: readonly { trace: HeatmapTrace }[],
  grid: ViewGrid,
  theme: Theme,
): Record<string, unknown> {
  const { across, down, height, used, labels } = measures(width, maps.length, grid);
  const line = height + FRAME.top + FRAME.bottom;
  const total = { width: used - 16, height: down * line + 8 - 20 };
  const cells = (total.width - (labels - 16)) / across - BAR;
  const layout: Record<string, unknown> = {};
  const annotations: unknown[] = [];
  maps.forEach(({ trace }, at) => {
    const suffix = axisSuffix(at);
    const column = at % across;
    const left = labels - 16 + column * (cells + BAR);
    const x = [left / total.width, (left + cells) / total.width];
    const top = Math.floor(at / across) * line + FRAME.top - 8;
    const y = [1 - (top + height) / total.height, 1 - top / total.height].map((part) =>
      Math.min(1, Math.max(0, part)),
    );
    const axis = {
      color: theme.text,
      gridcolor: "transparent",
      zeroline: false,
      ticks: "outside",
      ticklen: 3,
      tickcolor: "transparent",
    };
    const title = (text: string) => ({
      text: plotlyText(text),
      font: { color: theme.mutedText, size: 12 },
      standoff: 6,
    });
    layout[`xaxis${suffix}`] = {
      ...axis,
      ...columnTicks(grid, cells),
      title: title(grid.columns.title),
      domain: x,
      anchor: `y${suffix}`,
      range: [-0.5, trace.rows[0].length - 0.5],
    };
    layout[`yaxis${suffix}`] = {
      ...axis,
      ...(column === 0 ? { ...rowTicks(grid), title: title(grid.rows.title) } : { showticklabels: false }),
      domain: y,
      anchor: `x${suffix}`,
      range: [trace.rows.length - 0.5, -0.5],
    };
    layout[`coloraxis${suffix}`] = {
      cmin: trace.zmin ?? 0,
      cmax: trace.zmax ?? 1,
      colorscale: paletteScale(grid.panels[at].palette, theme),
      colorbar: {
        thickness: 10,
        outlinewidth: 0,
        x: x[1] + 8 / total.width,
        xanchor: "left",
        y: (y[0] + y[1]) / 2,
        len: y[1] - y[0],
        lenmode: "fraction",
        ypad: 0,
        nticks: 5,
        tickfont: { color: theme.text, size: 10 },
      },
    };
    const isShort = grid.measured.length <= BAR_TITLE;
    const label = { xref: "paper", yref: "paper", y: y[1], yanchor: "bottom", showarrow: false };
    annotations.push(
      {
        ...label,
        text: plotlyText(grid.panels[at].title),
        x: x[0],
        xanchor: "left",
        font: { size: 13, color: theme.text },
      },
      {
        ...label,
        text: plotlyText(shorten(grid.measured, LONGEST_TITLE)),
        x: x[1] + (isShort ? 8 : BAR) / total.width,
        xanchor: isShort ? "left" : "right",
        font: { size: 11, color: theme.mutedText },
      },
    );
  });
  return { ...layout, annotations };
}

function rowTicks({ rows, starred }: ViewGrid): Record<string, unknown> {
  const step = Math.ceil(rows.labels.length / MOST_ROW_LABELS);
  const places = rows.labels.map((_, at) => at).filter((at) => at % step === 0);
  const marked = new Set(starred);
  const text = (at: number) =>
    plotlyText(`${shorten(tokenLabel(rows.labels[at]), LONGEST_LABEL)}${marked.has(at) ? "*" : ""}`);
  return { tickmode: "array", tickvals: places, ticktext: places.map(text) };
}

/** Numbers at round places, names where they fit. */
function columnTicks({ columns }: ViewGrid, width: number): Record<string, unknown> {
  const isNumbered = columns.labels.every((label) => /^\d+$/.test(label));
  const room = Math.max(2, Math.floor(width / (isNumbered ? 34 : 22)));
  const rough = Math.ceil(columns.labels.length / room);
  const step = isNumbered ? ([1, 2, 5, 10, 20, 50, 100].find((nice) => nice >= rough) ?? rough) : rough;
  const places = columns.labels.map((_, at) => at).filter((at) => at % step === 0);
  return {
    tickmode: "array",
    tickvals: places,
    ticktext: places.map((at) => plotlyText(shorten(tokenLabel(columns.labels[at]), LONGEST_LABEL))),
    tickangle: isNumbered ? 0 : -50,
  };
}

const LINKED = ["layer", "head", "token"] as const;

function linkOf({ rows, columns }: ViewGrid, _panel: number, row: number, column: number): Highlight | null {
  const parts = LINKED.flatMap((name) => {
    if (rows.name === name) return [[name, row] as const];
    return columns.name === name ? [[name, column] as const] : [];
  });
  return parts.length > 0 ? Object.fromEntries(parts) : null;
}

/** The row or column that is pointed at, or the cell, where both are. */
function framesOf({ rows, columns }: ViewGrid, places: readonly MapPlace[], highlight: Highlight): Frame[] {
  const at = (name: string, size: number): readonly [number, number] | null => {
    const place = LINKED.find((linked) => linked === name);
    const index = place === undefined ? undefined : highlight[place];
    return index === undefined || index >= size ? null : [index, index];
  };
  const [row, column] = [at(rows.name, rows.labels.length), at(columns.name, columns.labels.length)];
  if (!row && !column) return [];
  return places.map((map) => ({
    map,
    rows: row ?? [0, map.rows - 1],
    columns: column ?? [0, map.columns - 1],
  }));
}
