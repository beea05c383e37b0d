import type { View } from "../protocol";
import { DIVERGING } from "../protocol/colours";
import type { Drawing } from "./drawing";
import { liveTensor } from "./live/handles";
import type { HeatmapPicture } from "./picture";
import {
  describeReduction,
  isTokenDim,
  makeAxis,
  reduceGrid,
  selectPlane,
  storedSize,
  viewPlane,
} from "./plane";
import { heatmapFigure } from "./plotlyFigure";
import { heatmapPng } from "./png/heatmapPng";
import {
  describeStatistics,
  formatNumber,
  histogramOf,
  summarize,
  symmetricLimit,
  viewStatistics,
} from "./statistics";
import { type Annotation, dimensionNames, floatValues, type TensorLike } from "./tensorValues";

export interface HeatmapOptions {
  /** Instead of the node's name. */
  title?: string;
  /** Names of the dimensions, e.g. `["batch", "token", "hidden"]`. */
  dims?: string[];
  /** Texts along the token dimension. */
  tokens?: string[];
  /** Which index to draw of dimensions that are neither rows nor columns, by name: `{ head: 3 }`. The first unless given. */
  index?: Record<string, number>;
}

/** A heat map of a tensor, centred at zero. */
export function drawHeatmap(
  tensor: TensorLike,
  annotation: Annotation,
  options: HeatmapOptions = {},
): Drawing {
  const { shape, dtype } = tensor;
  const dims = dimensionNames(shape, options.dims ?? annotation.dims);
  const values = floatValues(tensor);
  const summary = summarize(values);
  const { limit, clips } = symmetricLimit(summary);
  const plane = selectPlane(values, shape, dims, options.index);
  const size = storedSize(plane.grid.rows, plane.grid.columns);
  const reduced = reduceGrid(plane.grid, size.rows, size.columns);
  const rowName = plane.rowDim >= 0 ? dims[plane.rowDim] : "";
  const columnName = dims[plane.columnDim] ?? "";
  const tokens = fitting(
    options.tokens ?? annotation.tokens,
    plane.grid.rows,
    plane.grid.columns,
    rowName,
    columnName,
  );
  const omitted = [
    ...plane.taken
      .filter(({ dim }) => shape[dim] > 1)
      .map(({ dim, index }) => `${dims[dim]} ${index} of ${shape[dim]}`),
    describeReduction(reduced, rowName, columnName),
  ].filter((part) => part !== null);
  const truncated = omitted.length > 0 ? omitted.join("; ") : null;
  const title = options.title ?? annotation.node ?? "tensor";
  const clipped = clips ? count(values, limit) : 0;
  const notes = [
    `${dtype}[${shape.join(", ")}]`,
    describeStatistics(summary),
    ...(clipped > 0 ? [`${clipped} beyond ±${formatNumber(limit)} clipped`] : []),
  ];
  const picture: HeatmapPicture = {
    title,
    subtitle: [...notes, ...omitted].join(" · "),
    panels: [
      {
        title: null,
        grid: reduced.grid,
        x: makeAxis(
          columnName,
          reduced.grid.columns,
          reduced.columnsPerCell,
          isTokenDim(columnName) ? tokens : null,
        ),
        y: makeAxis(rowName, reduced.grid.rows, reduced.rowsPerCell, isTokenDim(rowName) ? tokens : null),
      },
    ],
    scale: { stops: DIVERGING, min: -limit, max: limit, title: "" },
  };
  const view: View = {
    kind: "activation",
    node: title,
    shape: [...shape],
    dtype,
    dims,
    tokens,
    statistics: viewStatistics(summary),
    truncated,
    clip: clips ? limit : null,
    histogram: histogramOf(values, summary) ?? undefined,
    plane: viewPlane(shape, plane, reduced),
  };
  const text = [
    `${title}  ${notes.join("  ")}`,
    ...(truncated ? [`drawn: ${truncated}`] : []),
    tensor.toString(),
  ];
  return {
    view,
    figure: heatmapFigure(picture),
    png: () => heatmapPng(picture),
    text: text.join("\n"),
    live: liveTensor(tensor),
  };
}

/** Token texts, where their number is that of the token dimension. */
function fitting(
  tokens: readonly string[] | undefined,
  rows: number,
  columns: number,
  rowName: string,
  columnName: string,
): string[] | null {
  if (!tokens) return null;
  const fits =
    (isTokenDim(rowName) && tokens.length === rows) || (isTokenDim(columnName) && tokens.length === columns);
  return fits ? [...tokens] : null;
}

function count(values: Float32Array, limit: number): number {
  let beyond = 0;
  for (const value of values) if (Number.isFinite(value) && Math.abs(value) > limit) beyond++;
  return beyond;
}
