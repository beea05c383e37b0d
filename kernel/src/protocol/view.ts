/**
 * What one picture says about itself. It travels beside a plotly figure, a PNG and a text of the same thing
 * (one MIME bundle), and holds no values: the renderer takes them from the plotly figure of the same bundle, so
 * they are stored in the notebook once.
 */

/** MIME type of a view. */
export const VIEW_MIME = "application/vnd.graphpatch.view.v1+json";
/** MIME type of the figure that travels beside it. */
export const PLOTLY_MIME = "application/vnd.plotly.v1+json";

export const VIEW_KINDS = ["activation", "attention", "line"] as const;
export type ViewKind = (typeof VIEW_KINDS)[number];

/** Statistics of the whole tensor, also where the picture shows a part of it. Non-finite values are counted, and left out of the rest. */
export interface ViewStatistics {
  min: number | null;
  max: number | null;
  mean: number | null;
  std: number | null;
  nan: number;
  inf: number;
}

export interface View {
  kind: ViewKind;
  /** Name of the node, or a title. Untrusted: text only. */
  node: string;
  /** Shape of the whole tensor. */
  shape: number[];
  dtype: string;
  /** One name a dimension of `shape`: "batch", "token", "head", "query", "key", "hidden", … */
  dims: string[];
  /** Token labels in order, where the tensor has a token dimension. Untrusted: text only. */
  tokens: string[] | null;
  statistics: ViewStatistics | null;
  /** What the picture leaves out, in words ("first of 2 batch rows; every 2nd of 1536 hidden"); null when nothing. */
  truncated: string | null;
  /** Values beyond ± this are drawn in the colour of the limit; null when nothing is clipped. */
  clip: number | null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNullableNumber(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}

export function isStatistics(value: unknown): value is ViewStatistics {
  return (
    isObject(value) &&
    [value.min, value.max, value.mean, value.std].every(isNullableNumber) &&
    typeof value.nan === "number" &&
    typeof value.inf === "number"
  );
}

/** Whether `value`, as read from a notebook, is a view the renderer understands. */
export function isView(value: unknown): value is View {
  return (
    isObject(value) &&
    (VIEW_KINDS as readonly unknown[]).includes(value.kind) &&
    typeof value.node === "string" &&
    Array.isArray(value.shape) &&
    value.shape.every((size) => Number.isInteger(size)) &&
    typeof value.dtype === "string" &&
    Array.isArray(value.dims) &&
    value.dims.every((dim) => typeof dim === "string") &&
    (value.tokens === null ||
      (Array.isArray(value.tokens) && value.tokens.every((token) => typeof token === "string"))) &&
    (value.statistics === null || isStatistics(value.statistics)) &&
    (value.truncated === null || typeof value.truncated === "string") &&
    isNullableNumber(value.clip)
  );
}
