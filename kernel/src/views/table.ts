import { describe, type MimeBundle } from "../display/mimeBundle";
import { VIEW_MIME, type View } from "../protocol";

/** A table as text: the extension, a notebook elsewhere and a terminal all show these cells. */
export interface Table {
  title: string;
  columns: string[];
  rows: string[][];
}

export interface RowsOptions {
  /** The number of rows unless given. */
  title?: string;
  /** Which columns, in that order; all that any row has unless given. */
  columns?: readonly string[];
  /** Digits after the point of numbers that are no integers; 3 unless given. */
  digits?: number;
}

/** Rows by column as a table: `result.toTable()`, or any list of objects. */
export function rowsTable(rows: readonly object[], { title, digits = 3, columns }: RowsOptions = {}): Table {
  if (!Array.isArray(rows) || rows.some((row) => typeof row !== "object" || row === null))
    throw new TypeError("a table is made of a list of objects, one a row");
  if (!(Number.isInteger(digits) && digits >= 0 && digits <= 20))
    throw new RangeError(`digits must be an integer from 0 to 20, it is ${digits}`);
  const names = columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return {
    title: title ?? `${rows.length} ${rows.length === 1 ? "row" : "rows"}`,
    columns: [...names],
    rows: rows.map((row) => names.map((name) => cellText((row as Record<string, unknown>)[name], digits))),
  };
}

function cellText(value: unknown, digits: number): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return numberText(value, digits);
  if (typeof value !== "string") return describe(value);
  // Spaces at the ends of tokens' texts mean something.
  return value === value.trim() && value !== "" ? value : JSON.stringify(value);
}

/** Numbers too small for so many digits keep their size, and none is "-0.000". */
function numberText(value: number, digits: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  const text = value.toFixed(digits);
  return Number(text) === 0 ? value.toExponential(1) : text;
}

/** A reading of the logit lens, as `pg.logitLens` returns it. */
export interface LensReadingLike {
  readonly layer: number;
  readonly position: number;
  readonly top: readonly { readonly id: number; readonly probability: number }[];
  readonly target: { readonly probability: number; readonly rank: number } | null;
}

/** A table in all its forms. Its values stand in the HTML, which reads without styles; the extension takes the text of its cells. */
export function tableBundle({ title, columns, rows }: Table): MimeBundle {
  const line = (tag: "th" | "td", cells: string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const html = `<table><thead>${line("th", columns)}</thead><tbody>${rows.map((row) => line("td", row)).join("")}</tbody></table>`;
  return withTableView(title, {
    data: { "text/html": html, "text/plain": textOf(columns, rows) },
    metadata: {},
  });
}

/** A bundle whose HTML is a table, with a view that draws it. */
export function withTableView(title: string, bundle: MimeBundle): MimeBundle {
  return withHtmlView({ kind: "table", node: title }, bundle);
}

/** A bundle whose HTML holds the places of a graph, with a view that draws it. @param root path of the first place */
export function withTreeView(title: string, root: string, bundle: MimeBundle): MimeBundle {
  return withHtmlView({ kind: "tree", node: title, root }, bundle);
}

function withHtmlView(own: Pick<View, "kind" | "node" | "root">, { data, metadata }: MimeBundle): MimeBundle {
  const view: View = {
    ...own,
    shape: [],
    dtype: "text",
    dims: [],
    tokens: null,
    statistics: null,
    truncated: null,
    clip: null,
  };
  return { data: { [VIEW_MIME]: view, ...data }, metadata };
}

/** Columns of numbers stand to the right. */
function textOf(columns: string[], rows: string[][]): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? "").length)));
  const areNumbers = columns.map((_, at) => rows.every((cells) => /^(-?\d|$|NaN)/.test(cells[at] ?? "")));
  return lines
    .map((cells) =>
      cells
        .map((cell, at) => (areNumbers[at] ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** What each block would predict: a row a reading, its most probable tokens first. @param tokenOf a token's text by its id */
export function lensTable(readings: readonly LensReadingLike[], tokenOf?: (id: number) => string): Table {
  const width = Math.max(0, ...readings.map(({ top }) => top.length));
  const positions = new Set(readings.map(({ position }) => position));
  const hasTarget = readings.some(({ target }) => target !== null);
  const percent = (probability: number) => `${(100 * probability).toFixed(2)} %`;
  const name = (id: number) => (tokenOf ? JSON.stringify(tokenOf(id)) : `#${id}`);
  return {
    title: "logit lens",
    columns: [
      "layer",
      ...(positions.size > 1 ? ["position"] : []),
      ...(hasTarget ? ["target", "rank"] : []),
      ...Array.from({ length: width }, (_, at) => [`top ${at + 1}`, "p"]).flat(),
    ],
    rows: readings.map(({ layer, position, top, target }) => [
      String(layer),
      ...(positions.size > 1 ? [String(position)] : []),
      ...(hasTarget ? [target ? percent(target.probability) : "", target ? String(target.rank) : ""] : []),
      ...top.flatMap(({ id, probability }) => [name(id), percent(probability)]),
    ]),
  };
}

export function isLensReadings(value: unknown): value is LensReadingLike[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (one: Partial<LensReadingLike> | null) =>
        typeof one?.layer === "number" &&
        typeof one.position === "number" &&
        Array.isArray(one.top) &&
        "target" in one,
    )
  );
}

const HTML: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML[character]);
}
