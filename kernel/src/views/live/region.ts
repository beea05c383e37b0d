import type { RegionReply, RegionRequest } from "../../protocol";
import { reduceGrid } from "../plane";
import type { LiveTensor } from "./handles";

/** More values at once would be no picture any more; a page asks for as many as it draws. */
const MOST_CELLS = 1_000_000;
/** So many values come in full precision, too. */
const MOST_EXACT = 64;

export type RegionAnswer = { reply: Omit<RegionReply, "type" | "request">; values: Float32Array };

/**
 * The region of a tensor that a page asks for, merged down to the size it draws.
 * @throws RangeError for a region that is not a part of the tensor
 */
export function readRegion(tensor: LiveTensor, request: RegionRequest): RegionAnswer {
  const { row, column, index, rows, columns, most } = request;
  const { shape } = tensor;
  check(shape, request);
  const slice = shape.map((size, dim) => {
    if (dim === row) return { start: rows[0], stop: rows[1] };
    if (dim === column) return { start: columns[0], stop: columns[1] };
    return Math.min(index[dim], size - 1);
  });
  const part = shape.length === 0 ? tensor : tensor.at(slice);
  const data = part.data();
  if (part !== tensor) part.dispose();
  const [height, width] = [rows[1] - rows[0], columns[1] - columns[0]];
  // A part keeps its dimensions in the tensor's order.
  const isTurned = row !== null && column !== null && row > column;
  const at = (i: number) => (isTurned ? (i % width) * height + Math.floor(i / width) : i);
  const values =
    !isTurned && data instanceof Float32Array
      ? data
      : Float32Array.from({ length: height * width }, (_, i) => Number(data[at(i)]));
  const exact =
    values.length <= MOST_EXACT ? Array.from(values, (_, i) => exactText(data[at(i)], tensor.dtype)) : null;
  const { grid, rowsPerCell, columnsPerCell } = reduceGrid(
    { rows: height, columns: width, values },
    most[0],
    most[1],
  );
  const reply = { rows: grid.rows, columns: grid.columns, rowsPerCell, columnsPerCell, exact };
  return { reply, values: grid.values };
}

function check(shape: readonly number[], { row, column, index, rows, columns, most }: RegionRequest): void {
  const fits = (dim: number | null, [from, to]: [number, number]) =>
    dim === null ? from === 0 && to === 1 : dim < shape.length && from < to && to <= shape[dim];
  if (
    index.length !== shape.length ||
    (row !== null && row === column) ||
    !fits(row, rows) ||
    !fits(column, columns) ||
    index.some((at, dim) => dim !== row && dim !== column && at >= shape[dim])
  ) {
    throw new RangeError(
      `rows ${rows.join("–")}, columns ${columns.join("–")} are not a part of [${shape.join(", ")}]`,
    );
  }
  if (most[0] * most[1] > MOST_CELLS) throw new RangeError(`more than ${MOST_CELLS} cells were asked for`);
}

/** The shortest text that gives the same value of its dtype again. */
function exactText(value: number | bigint, dtype: string): string {
  if (typeof value === "bigint") return String(value);
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype === "float64" || Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}
