/**
 * What one picture says about itself. It travels beside a plotly figure, a PNG and a text of the same thing
 * (one MIME bundle), and holds no values: the renderer takes them from the plotly figure of the same bundle, so
 * they are stored in the notebook once.
 */
import { isIndexArray, isNullableNumber, isObject, isStringArray } from "./checks";
import { isViewDifference, type ViewDifference } from "./viewDifference";
import { isViewGrid, type ViewGrid } from "./viewGrid";
import { isViewPlane, type ViewPlane } from "./viewPlane";

/** MIME type of a view. */
export const VIEW_MIME = "application/vnd.graphpatch.view.v1+json";
/** MIME type of the figure that travels beside it. */
export const PLOTLY_MIME = "application/vnd.plotly.v1+json";

export const VIEW_KINDS = ["activation", "attention", "line", "grid", "table", "difference", "tree"] as const;
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
  /** Name under which the kernel that made the view keeps what it shows, while it lives; see `viewValues.ts`. */
  handle?: string;
  /** How often values of the whole tensor fall into equal steps from the smallest to the largest. */
  histogram?: ViewHistogram;
  /** Kind `activation`: which part of the tensor the figure holds. */
  plane?: ViewPlane;
  /** Kind `attention`: the head of each heat map in the figure. */
  heads?: number[];
  /** Kind `grid`; kind `difference` of models whose blocks are known. */
  grid?: ViewGrid;
  /** Kind `difference`. */
  difference?: ViewDifference;
  /** Kind `tree`: path of the place at the root, "" for a whole graph. The places stand in the HTML of the bundle. */
  root?: string;
}

export interface ViewHistogram {
  from: number;
  to: number;
  counts: number[];
}

function isHistogram(value: unknown): value is ViewHistogram {
  return (
    isObject(value) &&
    typeof value.from === "number" &&
    typeof value.to === "number" &&
    isIndexArray(value.counts)
  );
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
    isStringArray(value.dims) &&
    (value.tokens === null || isStringArray(value.tokens)) &&
    (value.statistics === null || isStatistics(value.statistics)) &&
    (value.truncated === null || typeof value.truncated === "string") &&
    isNullableNumber(value.clip) &&
    isAbsentOr(value.handle, (handle) => typeof handle === "string") &&
    isAbsentOr(value.root, (root) => typeof root === "string") &&
    isAbsentOr(value.histogram, isHistogram) &&
    isAbsentOr(value.plane, isViewPlane) &&
    isAbsentOr(value.heads, isIndexArray) &&
    isAbsentOr(value.grid, isViewGrid) &&
    isAbsentOr(value.difference, isViewDifference)
  );
}

function isAbsentOr(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}
