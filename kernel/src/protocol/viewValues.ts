/**
 * Messages of the comm by which a page asks the kernel for what its pictures show: parts of tensors, and the code of a cell. The page opens
 * it, one a kernel. Each request is answered once; numbers travel as a binary buffer of little-endian float32, row-major.
 */
import { isIndex, isIndexArray, isObject, isStringArray } from "./checks";

/** Comm target of the values behind views. */
export const VALUES_TARGET = "graphpatch.values";

/** page → kernel: the part of a tensor between two rows and two columns of one of its planes. */
export interface RegionRequest {
  type: "region";
  request: number;
  handle: string;
  /** Dimensions of rows and columns; null where the tensor has none. */
  row: number | null;
  column: number | null;
  /** The index of each other dimension. */
  index: number[];
  /** First row or column, and the one after the last. */
  rows: [number, number];
  columns: [number, number];
  /** Most rows and columns of the answer: larger regions are merged, each cell the value of largest magnitude. */
  most: [number, number];
}

/** page → kernel: code that computes one cell of a grid again. */
export interface CodeRequest {
  type: "code";
  request: number;
  handle: string;
  /** Panel, row and column in the picture. */
  panel: number;
  row: number;
  column: number;
}

/** page → kernel: no picture of this handle is shown any more. */
export interface ReleaseRequest {
  type: "release";
  handle: string;
}

export type ValuesRequest = RegionRequest | CodeRequest | ReleaseRequest;

/** kernel → page: the region, in the one buffer of this message. */
export interface RegionReply {
  type: "region";
  request: number;
  rows: number;
  columns: number;
  rowsPerCell: number;
  columnsPerCell: number;
  /** The values in full precision, for few of them; null for many. */
  exact: string[] | null;
}

export interface CodeReply {
  type: "code";
  request: number;
  code: string;
}

/** kernel → page: what the answer fails on, in words. */
export interface FailedReply {
  type: "failed";
  request: number;
  /** Whether the kernel no longer has what the handle stood for. */
  gone: boolean;
  message: string;
}

export type ValuesReply = RegionReply | CodeReply | FailedReply;

function isSpan(value: unknown): value is [number, number] {
  return isIndexArray(value) && value.length === 2 && value[0] <= value[1];
}

function isSize(value: unknown): boolean {
  return isIndexArray(value) && value.length === 2 && value.every((size) => size > 0);
}

/** Whether `value`, as it came over the comm, is a request the kernel understands. */
export function isValuesRequest(value: unknown): value is ValuesRequest {
  if (!isObject(value) || typeof value.handle !== "string") return false;
  switch (value.type) {
    case "region":
      return (
        isIndex(value.request) &&
        (value.row === null || isIndex(value.row)) &&
        (value.column === null || isIndex(value.column)) &&
        isIndexArray(value.index) &&
        isSpan(value.rows) &&
        isSpan(value.columns) &&
        isSize(value.most)
      );
    case "code":
      return [value.request, value.panel, value.row, value.column].every(isIndex);
    case "release":
      return true;
    default:
      return false;
  }
}

/** Whether `value`, as it came over the comm, is an answer the page understands. */
export function isValuesReply(value: unknown): value is ValuesReply {
  if (!isObject(value) || !isIndex(value.request)) return false;
  switch (value.type) {
    case "region":
      return (
        [value.rows, value.columns, value.rowsPerCell, value.columnsPerCell].every(isIndex) &&
        (value.exact === null || isStringArray(value.exact))
      );
    case "code":
      return typeof value.code === "string";
    case "failed":
      return typeof value.gone === "boolean" && typeof value.message === "string";
    default:
      return false;
  }
}
