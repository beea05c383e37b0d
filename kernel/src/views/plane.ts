import { STORED_SIZE, type ViewPlane } from "../protocol";
import { tokenLabel } from "./labels";
import type { Axis, Grid, Tick } from "./picture";

/** The rows and columns of a tensor that are drawn. */
export interface Plane {
  rowDim: number;
  columnDim: number;
  grid: Grid;
  /** Per other dimension, the index that was taken. */
  taken: { dim: number; index: number }[];
}

/** A plane as the page is told of it. */
export function viewPlane(
  shape: readonly number[],
  { rowDim, columnDim, taken }: Plane,
  reduced: Reduced,
): ViewPlane {
  const index = shape.map((_, dim) => taken.find((one) => one.dim === dim)?.index ?? 0);
  const { rowsPerCell, columnsPerCell } = reduced;
  return {
    row: rowDim < 0 ? null : rowDim,
    column: columnDim < 0 ? null : columnDim,
    index,
    rowsPerCell,
    columnsPerCell,
  };
}

const TOKEN_DIMS = new Set(["token", "query", "key", "position"]);

/** Whether a dimension of this name has one entry a token. */
export function isTokenDim(name: string): boolean {
  return TOKEN_DIMS.has(name);
}

/**
 * The plane of a tensor to draw: its last dimension as columns; as rows the token dimension, else the one before the last; index 0 of
 * all others unless `indices` says otherwise. A vector is one row.
 * @throws RangeError for an index out of range
 */
export function selectPlane(
  values: Float32Array,
  shape: readonly number[],
  dims: readonly string[],
  indices: Readonly<Record<string, number>> = {},
): Plane {
  const columnDim = shape.length - 1;
  const tokenDim = dims.findIndex(
    (name, dim) => dim < columnDim && isTokenDim(name) && indices[name] === undefined,
  );
  const rowDim = tokenDim >= 0 ? tokenDim : shape.length - 2;
  const strides = stridesOf(shape);
  const taken: Plane["taken"] = [];
  let start = 0;
  shape.forEach((size, dim) => {
    if (dim === columnDim || dim === rowDim) return;
    const asked = indices[dims[dim]] ?? 0;
    const index = asked < 0 ? asked + size : asked;
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new RangeError(`index ${asked} is out of range for dimension "${dims[dim]}" of size ${size}`);
    }
    taken.push({ dim, index });
    start += index * strides[dim];
  });
  const rows = rowDim >= 0 ? shape[rowDim] : 1;
  const columns = columnDim >= 0 ? shape[columnDim] : 1;
  const plane = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = start + row * (rowDim >= 0 ? strides[rowDim] : 0);
    plane.set(values.subarray(from, from + columns), row * columns);
  }
  return { rowDim, columnDim, grid: { rows, columns, values: plane }, taken };
}

function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = stride;
    stride *= shape[dim];
  }
  return strides;
}

/** Most cells of a heat map that is stored: with its PNG it stays well below a megabyte. */
const STORED_CELLS = 65_536;

/** How many entries become one cell along each side, so that a plane fits what is stored. */
export function storedSize(rows: number, columns: number): { rows: number; columns: number } {
  let [perRow, perColumn] = [Math.ceil(rows / STORED_SIZE[0]) || 1, Math.ceil(columns / STORED_SIZE[1]) || 1];
  const size = () => ({ rows: Math.ceil(rows / perRow) || 1, columns: Math.ceil(columns / perColumn) || 1 });
  while (size().rows * size().columns > STORED_CELLS) {
    if (size().columns > size().rows) perColumn++;
    else perRow++;
  }
  return size();
}

/** A grid made small enough to draw. */
export interface Reduced {
  grid: Grid;
  /** Values along each side that became one cell. */
  rowsPerCell: number;
  columnsPerCell: number;
}

/**
 * Makes a grid small enough by letting each cell show the value of largest magnitude among those it stands for, so that no outlier is
 * lost; a NaN among them shows.
 */
export function reduceGrid(grid: Grid, maxRows: number, maxColumns: number): Reduced {
  const rowsPerCell = Math.max(1, Math.ceil(grid.rows / maxRows));
  const columnsPerCell = Math.max(1, Math.ceil(grid.columns / maxColumns));
  if (rowsPerCell === 1 && columnsPerCell === 1) return { grid, rowsPerCell, columnsPerCell };
  const rows = Math.ceil(grid.rows / rowsPerCell);
  const columns = Math.ceil(grid.columns / columnsPerCell);
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const value = grid.values[row * grid.columns + column];
      const cell = Math.floor(row / rowsPerCell) * columns + Math.floor(column / columnsPerCell);
      if (Number.isNaN(value) || Math.abs(value) > Math.abs(values[cell])) values[cell] = value;
    }
  }
  return { grid: { rows, columns, values }, rowsPerCell, columnsPerCell };
}

/** "each cell is the largest of 3 hidden"; null when nothing was merged. */
export function describeReduction(
  { rowsPerCell, columnsPerCell }: Reduced,
  rowName: string,
  columnName: string,
): string | null {
  const parts = [
    rowsPerCell > 1 ? `${rowsPerCell} ${rowName}` : "",
    columnsPerCell > 1 ? `${columnsPerCell} ${columnName}` : "",
  ].filter((part) => part !== "");
  return parts.length > 0
    ? `each cell shows the value of largest magnitude among ${parts.join(" × ")}`
    : null;
}

const MAX_TEXT_TICKS = 64;
const NUMBER_TICKS = 8;

/** An axis whose cell `i` stands for the entries from `i * perCell` on. */
export function makeAxis(
  title: string,
  cells: number,
  perCell: number,
  tokens: readonly string[] | null,
): Axis {
  // Numbers are round; token texts stand at cells.
  const step = tokens
    ? perCell * Math.ceil(cells / MAX_TEXT_TICKS)
    : niceStep((cells * perCell) / NUMBER_TICKS);
  const ticks: Tick[] = [];
  for (let entry = 0; entry < cells * perCell; entry += step) {
    ticks.push({ at: entry / perCell, text: tokens ? tokenLabel(tokens[entry] ?? "") : String(entry) });
  }
  return { title, ticks, isText: tokens !== null };
}

/** The smallest of 1, 2, 5, 10, 20, … that is not below `step`. */
export function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(step, 1)));
  return ([1, 2, 5].find((factor) => factor * power >= step) ?? 10) * power;
}
