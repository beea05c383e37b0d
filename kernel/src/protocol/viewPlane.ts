import { isIndex, isIndexArray, isObject } from "./checks";

/** Most rows and columns of a heat map: more than that are merged. */
export const STORED_SIZE: readonly [rows: number, columns: number] = [256, 512];

/** Which rows and columns of a tensor a heat map shows. */
export interface ViewPlane {
  /** The dimension of the rows; null for a tensor of fewer than two. */
  row: number | null;
  /** The dimension of the columns; null for a scalar. */
  column: number | null;
  /** The index taken of each dimension; 0 for those of rows and columns. */
  index: number[];
  /** Entries of the tensor along each side that became one cell of the figure: the one of largest magnitude is shown. */
  rowsPerCell: number;
  columnsPerCell: number;
}

export function isViewPlane(value: unknown): value is ViewPlane {
  return (
    isObject(value) &&
    (value.row === null || isIndex(value.row)) &&
    (value.column === null || isIndex(value.column)) &&
    isIndexArray(value.index) &&
    isIndex(value.rowsPerCell) &&
    isIndex(value.columnsPerCell)
  );
}
