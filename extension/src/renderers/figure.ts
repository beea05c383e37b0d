/**
 * Reads the plotly figure that travels beside a view.
 *
 * A notebook is not trusted, and a figure can hold much more than numbers (remote images, links, buttons). So nothing
 * of it is handed on to plotly: values, labels and titles are taken out here, checked, and drawn anew.
 */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Figure, HeatmapTrace, LineTrace, Ticks } from "./drawing";

/** What is wrong with a figure, in words to show. */
export class FigureError extends Error {
  override readonly name = "FigureError";
  private readonly values: string[];

  /** @param template with `%1`, `%2` in the places of `values`: the key of its translations */
  constructor(
    private readonly template: string,
    ...values: (string | number)[]
  ) {
    const texts = values.map(String);
    super(template.replace(/%(\d)/g, (_, at: string) => texts[Number(at) - 1] ?? ""));
    this.values = texts;
  }

  inWords(trans: TranslationBundle): string {
    return trans.__(this.template, ...this.values);
  }
}

/** More cells would freeze the page; the kernel down-samples far below. */
const MOST_CELLS = 4_000_000;

type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Plotly's names of array types, with the width of an element in bytes. */
const ARRAY_TYPES: Readonly<Record<string, { width: number; make(buffer: ArrayBuffer): NumberArray }>> = {
  f4: { width: 4, make: (buffer) => new Float32Array(buffer) },
  f8: { width: 8, make: (buffer) => new Float64Array(buffer) },
  i1: { width: 1, make: (buffer) => new Int8Array(buffer) },
  u1: { width: 1, make: (buffer) => new Uint8Array(buffer) },
  i2: { width: 2, make: (buffer) => new Int16Array(buffer) },
  u2: { width: 2, make: (buffer) => new Uint16Array(buffer) },
  i4: { width: 4, make: (buffer) => new Int32Array(buffer) },
  u4: { width: 4, make: (buffer) => new Uint32Array(buffer) },
};

/**
 * Reads a figure.
 * @throws FigureError saying what is missing or damaged.
 */
export function readFigure(value: unknown): Figure {
  if (value === undefined) throw new FigureError("The values of this picture are missing from the notebook.");
  if (!isObject(value) || !Array.isArray(value.data)) throw new FigureError("The figure is damaged.");
  const layout = isObject(value.layout) ? value.layout : {};
  return {
    traces: value.data.map((trace, index) => readTrace(trace, index, layout)),
    title: textOf(layout.title),
    xTitle: isObject(layout.xaxis) ? textOf(layout.xaxis.title) : null,
    yTitle: isObject(layout.yaxis) ? textOf(layout.yaxis.title) : null,
    xTicks: readTicks(layout.xaxis),
    yTicks: readTicks(layout.yaxis),
    isYLogarithmic: isObject(layout.yaxis) && layout.yaxis.type === "log",
    colorLimits: readColorLimits(layout.coloraxis),
    panelTitles: Array.isArray(layout.annotations)
      ? layout.annotations.map((annotation) => (isObject(annotation) ? (textOf(annotation) ?? "") : ""))
      : [],
  };
}

function readTrace(value: unknown, index: number, layout: Record<string, unknown>): HeatmapTrace | LineTrace {
  if (!isObject(value)) throw new FigureError("Trace %1 of the figure is damaged.", index);
  const name = typeof value.name === "string" ? plainText(value.name) : null;
  const where = `trace ${index}`;
  switch (value.type) {
    case "heatmap": {
      const rows = readMatrix(value.z, where);
      const axis = typeof value.coloraxis === "string" ? readColorLimits(layout[value.coloraxis]) : null;
      return {
        kind: "heatmap",
        name,
        rows,
        x: readLabels(value.x, where),
        y: readLabels(value.y, where),
        zmin: finiteOrNull(value.zmin) ?? axis?.min ?? null,
        zmax: finiteOrNull(value.zmax) ?? axis?.max ?? null,
        errors: readErrors(value.customdata, rows, where),
      };
    }
    case "scatter":
    case undefined: {
      const x = value.x === undefined ? null : readLabels(value.x, where);
      return { kind: "line", name, x, y: readVector(value.y, where) };
    }
    default:
      throw new FigureError(
        "Trace %1 is of the type “%2”, which this view cannot draw.",
        index,
        String(value.type),
      );
  }
}

/** Standard errors beside the values; null for anything else that a trace may carry there. */
function readErrors(
  value: unknown,
  rows: HeatmapTrace["rows"],
  where: string,
): readonly ArrayLike<number>[] | null {
  if (!isObject(value)) return null;
  const errors = readMatrix(value, where);
  const fits = errors.length === rows.length && errors[0]?.length === rows[0]?.length;
  return fits ? errors : null;
}

function readTicks(axis: unknown): Ticks | null {
  if (!isObject(axis) || !Array.isArray(axis.ticktext)) return null;
  const values = axis.tickvals === undefined ? null : readVector(axis.tickvals, "ticks");
  return {
    values: values ? Array.from(values) : axis.ticktext.map((_, at) => at),
    labels: axis.ticktext.map((label) => plainText(String(label))),
  };
}

/** Axis labels: names or numbers, one a row or column. */
function readLabels(value: unknown, where: string): readonly (string | number)[] | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value) && value.every((item) => typeof item === "string" || typeof item === "number")) {
    return value;
  }
  return Array.from(readVector(value, where));
}

/** Numbers from a list (null for what is not a number) or from base64. */
function readVector(value: unknown, where: string): ArrayLike<number> {
  if (Array.isArray(value)) return numbersOf(value, where);
  return readTyped(value, where).values;
}

function readMatrix(value: unknown, where: string): readonly ArrayLike<number>[] {
  if (Array.isArray(value)) return readNested(value, where);
  const { values, shape } = readTyped(value, where);
  if (shape.length !== 2)
    throw new FigureError("The values of %1 are not a table of rows and columns.", where);
  const [rows, columns] = shape;
  return Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns));
}

function readNested(value: unknown[], where: string): readonly ArrayLike<number>[] {
  const rows = value.map((row) => {
    if (!Array.isArray(row))
      throw new FigureError("The values of %1 are not a table of rows and columns.", where);
    return numbersOf(row, where);
  });
  if (rows.some((row) => row.length !== rows[0].length)) {
    throw new FigureError("The rows of %1 differ in length.", where);
  }
  checkCells(rows.length * (rows[0]?.length ?? 0), where);
  return rows;
}

function numbersOf(list: unknown[], where: string): Float64Array {
  return Float64Array.from(list, (item) => {
    if (typeof item === "number") return item;
    if (item === null) return Number.NaN;
    throw new FigureError("The values of %1 are not all numbers.", where);
  });
}

function readTyped(value: unknown, where: string): { values: NumberArray; shape: number[] } {
  if (!isObject(value) || typeof value.bdata !== "string" || typeof value.dtype !== "string") {
    throw new FigureError("The values of %1 are missing from the notebook.", where);
  }
  const type = Object.hasOwn(ARRAY_TYPES, value.dtype) ? ARRAY_TYPES[value.dtype] : undefined;
  if (!type) throw new FigureError("The values of %1 are of the unknown type “%2”.", where, value.dtype);
  checkCells((value.bdata.length * 3) / 4 / type.width, where);
  const bytes = decodeBase64(value.bdata, where);
  if (bytes.byteLength % type.width !== 0) throw new FigureError("The values of %1 are cut off.", where);
  const values = type.make(bytes.buffer);
  const shape = readShape(value.shape, values.length, where);
  return { values, shape };
}

/** Plotly writes shapes as `"3, 4"`, or as a number for one dimension. */
function readShape(value: unknown, length: number, where: string): number[] {
  if (value === undefined) return [length];
  const sizes = Array.isArray(value) ? value.map(Number) : String(value).split(",").map(Number);
  const isValid = sizes.every((size) => Number.isInteger(size) && size >= 0);
  if (!isValid || sizes.reduce((product, size) => product * size, 1) !== length) {
    throw new FigureError("The values of %1 do not fill the shape %2.", where, String(value));
  }
  return sizes;
}

function decodeBase64(text: string, where: string): Uint8Array<ArrayBuffer> {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    throw new FigureError("The values of %1 are damaged.", where);
  }
}

function checkCells(cells: number, where: string): void {
  if (cells > MOST_CELLS) throw new FigureError("%1 holds too many values to be drawn here.", where);
}

function readColorLimits(axis: unknown): { min: number; max: number } | null {
  if (!isObject(axis)) return null;
  const [min, max] = [finiteOrNull(axis.cmin), finiteOrNull(axis.cmax)];
  return min !== null && max !== null && min < max ? { min, max } : null;
}

function textOf(title: unknown): string | null {
  if (typeof title === "string") return plainText(title);
  return isObject(title) && typeof title.text === "string" ? plainText(title.text) : null;
}

const ENTITIES: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&#36;": "$", "&amp;": "&" };

/** A label as it was before it was written for plotly, which wants `<` as an entity. */
function plainText(label: string): string {
  return label.replace(/&(lt|gt|amp|#36);/g, (entity) => ENTITIES[entity]);
}

function finiteOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
