import type { View } from "../protocol";
import { SEQUENTIAL } from "../protocol/colours";
import type { Drawing } from "./drawing";
import { liveTensor } from "./live/handles";
import type { HeatmapPicture, Panel } from "./picture";
import { describeReduction, makeAxis, reduceGrid } from "./plane";
import { heatmapFigure } from "./plotlyFigure";
import { heatmapPng } from "./png/heatmapPng";
import { describeStatistics, formatNumber, summarize, viewStatistics } from "./statistics";
import { type Annotation, dimensionNames, floatValues, type TensorLike } from "./tensorValues";

const MAX_HEADS = 64;
/** Most rows and columns of one head, and most cells of all heads together. */
const MAX_SIDE = 256;
const MAX_CELLS = 65_536;

export interface AttentionOptions {
  title?: string;
  /** Draw one head, large; all heads side by side unless given. */
  head?: number;
  /** Which text of the batch; the first unless given. */
  batch?: number;
  tokens?: string[];
}

/**
 * Attention patterns: a row for each query, a column for each key, 0 to 1.
 * @param tensor [batch, head, query, key], [head, query, key] or [query, key]
 * @throws RangeError for other shapes, or a head or batch that is not there
 */
export function drawAttention(
  tensor: TensorLike,
  annotation: Annotation,
  options: AttentionOptions = {},
): Drawing {
  const { shape, dtype } = tensor;
  if (shape.length < 2 || shape.length > 4) {
    throw new RangeError(
      `an attention pattern is [batch, head, query, key]; this tensor is [${shape.join(", ")}]`,
    );
  }
  const [batches, heads, queries, keys] = [...Array(4 - shape.length).fill(1), ...shape] as number[];
  const batch = checked(options.batch ?? 0, batches, "batch");
  const wanted = options.head === undefined ? null : checked(options.head, heads, "head");
  const values = floatValues(tensor);
  const summary = summarize(values);
  const tokens = options.tokens ?? annotation.tokens ?? null;
  const shown = wanted === null ? Array.from({ length: Math.min(heads, MAX_HEADS) }, (_, i) => i) : [wanted];
  const side = Math.min(MAX_SIDE, Math.floor(Math.sqrt(MAX_CELLS / shown.length)));
  let reduction: string | null = null;
  const panels = shown.map((head): Panel => {
    const from = (batch * heads + head) * queries * keys;
    const grid = { rows: queries, columns: keys, values: values.subarray(from, from + queries * keys) };
    const reduced = reduceGrid(grid, side, side);
    reduction = describeReduction(reduced, "queries", "keys");
    return {
      title: shown.length > 1 ? `head ${head}` : null,
      grid: reduced.grid,
      x: makeAxis(
        "key",
        reduced.grid.columns,
        reduced.columnsPerCell,
        tokens?.length === keys ? tokens : null,
      ),
      y: makeAxis(
        "query",
        reduced.grid.rows,
        reduced.rowsPerCell,
        tokens?.length === queries ? tokens : null,
      ),
    };
  });
  const omitted = [
    batches > 1 ? `batch ${batch} of ${batches}` : null,
    wanted !== null && heads > 1 ? `head ${wanted} of ${heads}` : null,
    wanted === null && heads > MAX_HEADS ? `the first ${MAX_HEADS} of ${heads} heads` : null,
    reduction,
  ].filter((part) => part !== null);
  const truncated = omitted.length > 0 ? omitted.join("; ") : null;
  const title = options.title ?? annotation.node ?? "attention pattern";
  const notes = [`${dtype}[${shape.join(", ")}]`, "row: query, column: key", ...omitted];
  const picture: HeatmapPicture = {
    title,
    subtitle: notes.join(" · "),
    panels,
    scale: { stops: SEQUENTIAL, min: 0, max: 1, title: "" },
  };
  const view: View = {
    kind: "attention",
    node: title,
    shape: [...shape],
    dtype,
    dims: dimensionNames(shape, annotation.dims ?? ["batch", "head", "query", "key"].slice(4 - shape.length)),
    tokens: tokens?.length === queries ? [...tokens] : null,
    statistics: viewStatistics(summary),
    truncated,
    clip: null,
    heads: shown,
    plane: {
      row: shape.length - 2,
      column: shape.length - 1,
      index: [batch, wanted ?? 0, 0, 0].slice(4 - shape.length),
      rowsPerCell: Math.max(1, Math.ceil(queries / side)),
      columnsPerCell: Math.max(1, Math.ceil(keys / side)),
    },
  };
  const text = [
    `${title}  ${dtype}[${shape.join(", ")}]  ${describeStatistics(summary)}`,
    ...(truncated ? [`drawn: ${truncated}`] : []),
    ...mostReadKeys(panels, shown, tokens),
  ];
  return {
    view,
    figure: heatmapFigure(picture),
    png: () => heatmapPng(picture),
    text: text.join("\n"),
    live: liveTensor(tensor),
  };
}

const MAX_TEXT_HEADS = 16;

/** The key that each head reads most, over its queries: what a pattern says in a line. */
function mostReadKeys(
  panels: readonly Panel[],
  heads: readonly number[],
  tokens: readonly string[] | null,
): string[] {
  const lines = panels.slice(0, MAX_TEXT_HEADS).map(({ grid: { rows, columns, values }, x }, i) => {
    const means = Array.from({ length: columns }, (_, column) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += values[row * columns + column];
      return sum / rows;
    });
    const most = means.reduce((best, value, at) => (value > means[best] ? at : best), 0);
    const text = tokens?.length === columns ? ` ${JSON.stringify(tokens[most])}` : "";
    return `head ${heads[i]}: most on ${x.title} ${most}${text}, ${formatNumber(means[most])} of each query on average`;
  });
  return panels.length > lines.length ? [...lines, `… ${panels.length - lines.length} more heads`] : lines;
}

function checked(index: number, size: number, what: string): number {
  const at = index < 0 ? index + size : index;
  if (!Number.isInteger(at) || at < 0 || at >= size) {
    throw new RangeError(`${what} ${index} is out of range: there ${size === 1 ? "is 1" : `are ${size}`}`);
  }
  return at;
}
