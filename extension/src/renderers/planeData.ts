import type { ViewPlane } from "@graphpatch/kernel/protocol";
import { tokenLabel, visibleText } from "../text";
import type { AnyView } from "../tokens";
import { type CellAxis, cellAxis, TOKEN_DIMENSIONS } from "./axis";
import { heatmapsOf } from "./cells";
import type { Figure } from "./drawing";

/** Values of one plane of a tensor, or a part of it, as they are drawn. */
export interface PlaneData {
  readonly rows: readonly ArrayLike<number>[];
  readonly y: CellAxis;
  readonly x: CellAxis;
  /** The plane in the tensor; null in notebooks that do not tell. */
  readonly plane: ViewPlane | null;
}

/** The plane that is stored in the notebook. @throws FigureError when there is none */
export function storedPlane(view: AnyView, figure: Figure): PlaneData {
  const [trace] = heatmapsOf(figure);
  const { rows } = trace;
  const { plane } = view;
  if (!plane)
    return {
      rows,
      y: cellAxis(view, figure, trace, "y"),
      x: cellAxis(view, figure, trace, "x"),
      plane: null,
    };
  return {
    rows,
    y: planeAxis(view, plane.row, 0, rows.length, plane.rowsPerCell),
    x: planeAxis(view, plane.column, 0, rows[0].length, plane.columnsPerCell),
    plane,
  };
}

/** Axis whose cell 0 begins at entry `from` of dimension `dim`. */
export function planeAxis(
  view: AnyView,
  dim: number | null,
  from: number,
  length: number,
  perCell: number,
): CellAxis {
  const title = dim === null ? "" : (view.dims[dim] ?? "");
  const size = dim === null ? 1 : view.shape[dim];
  const tokens = TOKEN_DIMENSIONS.has(title) && view.tokens?.length === size ? view.tokens : null;
  const index = (at: number) => from + at * perCell;
  return {
    title,
    index,
    perCell,
    length,
    ticks: null,
    name: (at) => {
      const token = tokens?.[index(at)];
      return token === undefined ? null : tokenLabel(token);
    },
  };
}

/** `head 3`, or `token 3: ␣Tower`. */
export function indexLabel(view: AnyView, dim: number, index: number): string {
  const axis = planeAxis(view, dim, index, 1, 1);
  const name = axis.name(0);
  return visibleText(name === null ? String(index) : `${index}: ${name}`);
}
