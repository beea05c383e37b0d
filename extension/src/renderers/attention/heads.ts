import type { AnyView } from "../../tokens";
import { type CellAxis, cellAxis } from "../axis";
import { heatmapsOf } from "../cells";
import type { Figure } from "../drawing";
import { largest } from "../numbers";
import { type PlaneData, planeAxis } from "../planeData";

/** One attention head: a row for each query, a column for each key. */
export interface Head {
  /** What it is called: `head 3`. Untrusted. */
  readonly title: string;
  /** Its number in the tensor; null where the notebook does not tell. */
  readonly number: number | null;
  readonly rows: readonly ArrayLike<number>[];
}

/** The heads of a figure, which share axes and a scale from 0 to `limit`. */
export interface Heads {
  readonly heads: readonly [Head, ...Head[]];
  readonly queries: CellAxis;
  readonly keys: CellAxis;
  readonly limit: number;
}

/** @throws FigureError when there are none, or they are empty */
export function readHeads(view: AnyView, figure: Figure): Heads {
  const traces = heatmapsOf(figure);
  const [first] = traces;
  const limit =
    figure.colorLimits?.max ?? first.zmax ?? (Math.max(...traces.map(({ rows }) => largest(rows))) || 1);
  const head = (at: number): Head => {
    const number = view.heads?.[at] ?? null;
    return {
      title: figure.panelTitles[at] || `head ${number ?? at}`,
      number,
      rows: traces[at].rows,
    };
  };
  const { plane } = view;
  const [queries, keys] = plane
    ? [
        planeAxis(view, plane.row, 0, first.rows.length, plane.rowsPerCell),
        planeAxis(view, plane.column, 0, first.rows[0].length, plane.columnsPerCell),
      ]
    : [cellAxis(view, figure, first, "y"), cellAxis(view, figure, first, "x")];
  return { heads: [head(0), ...traces.slice(1).map((_, at) => head(at + 1))], queries, keys, limit };
}

/** One head as a plane of its tensor; null where the notebook does not tell which. */
export function planeOfHead(view: AnyView, { heads, queries, keys }: Heads, at: number): PlaneData | null {
  const { number, rows } = heads[at];
  const { plane, shape } = view;
  if (!plane) return null;
  // [batch, head, query, key] or [head, query, key]; a tensor of two dimensions is one head.
  const index = plane.index.map((own, dim) => (dim === shape.length - 3 && number !== null ? number : own));
  return { rows, y: queries, x: keys, plane: { ...plane, index } };
}
