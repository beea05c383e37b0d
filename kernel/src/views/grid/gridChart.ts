import type { GridAxis, GridPalette } from "../../protocol";
import type { Drawing } from "../drawing";
import { type Annotation, floatValues, type TensorLike } from "../tensorValues";
import { drawGrid } from "./drawGrid";
import { gridOfSweep, gridOfTrace, isSweepLike, isTraceLike } from "./fromResults";
import { type GridMap, type GridSource, type SweepLike, type TraceLike, transpose } from "./source";

/** What a grid can be drawn of: results, a table of values, or several tables by title. */
export type GridValues = TraceLike | SweepLike | TensorLike | Readonly<Record<string, TensorLike>>;

export interface GridOptions {
  title?: string;
  /** What was measured, as the title of the colour bars: "p(answer)". */
  measured?: string;
  /** The answer whose probability was measured: the colour bars are titled p(answer). */
  answer?: string;
  /** Names of a tensor's two dimensions; `["layer", "token"]` with `tokens`, else `["row", "column"]`. Tokens go down. */
  dims?: readonly [string, string];
  /** Texts of the tokens. */
  tokens?: readonly string[];
  /** The subject's tokens, from the first up to, but not with, the second: marked with a star. */
  subject?: readonly [number, number];
  /** Lowest value of the colours, or the middle of diverging ones. */
  reference?: number;
  /** Colours, one a map: "purples", "greens", "reds" and "blues" from the reference up, "diverging" around it. */
  palette?: GridPalette | readonly GridPalette[];
}

/**
 * Layer × token grids and the like, after ROME.
 * @throws TypeError for what is none of the known results and no table; RangeError for a tensor that has not two dimensions.
 */
export function drawGridChart(
  values: GridValues,
  annotation: (tensor: TensorLike) => Annotation,
  options: GridOptions = {},
): Drawing {
  const source = sourceOf(values, annotation, options);
  const { title, answer, measured, subject, reference, palette } = options;
  const palettes = typeof palette === "string" ? [palette] : palette;
  const starred = subject
    ? Array.from({ length: Math.max(0, subject[1] - subject[0]) }, (_, i) => subject[0] + i)
    : source.starred;
  return drawGrid({
    ...source,
    title: title ?? source.title,
    measured: measured ?? (answer === undefined ? source.measured : `p(${answer.trim()})`),
    starred,
    reference: reference ?? source.reference,
    origin: reference === undefined ? source.origin : undefined,
    maps: source.maps.map((map, i) => ({ ...map, palette: palettes?.[i % palettes.length] ?? map.palette })),
  });
}

function sourceOf(
  values: GridValues,
  annotation: (tensor: TensorLike) => Annotation,
  options: GridOptions,
): GridSource {
  if (isTraceLike(values)) return gridOfTrace(values);
  if (isSweepLike(values)) return gridOfSweep(values);
  const tables = isTensorLike(values) ? { "": values } : values;
  const entries = typeof tables === "object" && tables !== null ? Object.entries<TensorLike>(tables) : [];
  if (entries.length === 0 || entries.some(([, tensor]) => !isTensorLike(tensor))) {
    throw new TypeError(
      "gridChart: expected a causal trace, a sweep's result, a tensor [rows, columns], or such tensors by title",
    );
  }
  return sourceOfTables(entries, annotation, options);
}

function sourceOfTables(
  entries: [string, TensorLike][],
  annotation: (tensor: TensorLike) => Annotation,
  options: GridOptions,
): GridSource {
  const [[, first]] = entries;
  const tokens = options.tokens ?? annotation(first).tokens;
  const dims = options.dims ?? (tokens ? (["layer", "token"] as const) : (["row", "column"] as const));
  const turned = dims[1] === "token" && dims[0] !== "token";
  const maps = entries.map(([title, tensor]): GridMap => {
    if (tensor.shape.length !== 2 || String(tensor.shape) !== String(first.shape)) {
      throw new RangeError(
        `gridChart: expected tensors [${dims.join(", ")}] of one shape; found [${tensor.shape.join(", ")}]`,
      );
    }
    const values = Float64Array.from(floatValues(tensor));
    return {
      title,
      palette: "diverging",
      values: turned ? transpose(values, tensor.shape[0], tensor.shape[1]) : values,
      errors: null,
    };
  });
  const axis = (dim: 0 | 1): GridAxis => {
    const size = first.shape[dim];
    const texts = dims[dim] === "token" && tokens?.length === size ? [...tokens] : null;
    return {
      name: dims[dim],
      title: dims[dim],
      labels: texts ?? Array.from({ length: size }, (_, i) => String(i)),
    };
  };
  return {
    title: annotation(first).node ?? "grid",
    measured: "",
    rows: axis(turned ? 1 : 0),
    columns: axis(turned ? 0 : 1),
    maps,
    reference: null,
    starred: [],
    n: null,
    summary: [],
    result:
      entries.length === 1
        ? {
            shown: first,
            code: (name, { row, column }) => {
              const index = turned ? [column, row] : [row, column];
              return `${name}.at([${index.join(", ")}]).item()`;
            },
          }
        : undefined,
  };
}

function isTensorLike(value: unknown): value is TensorLike {
  const { shape, dtype, data } = (value ?? {}) as Partial<TensorLike>;
  return Array.isArray(shape) && typeof dtype === "string" && typeof data === "function";
}
