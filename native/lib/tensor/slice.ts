import { binding } from "../binding";
import { SliceError } from "../errors";
import type { Tensor } from "./tensor";

/** `start:stop:step`, as in NumPy; what is left out reaches to the end. */
export interface Range {
  start?: number;
  stop?: number;
  step?: number;
}

/** One place of a slice: an index, a new dimension (null), all that is left over, a range, or a list of indices. */
export type SliceItem = number | null | "..." | Range | Tensor | number[] | boolean[];

/** A slice as in NumPy, `"0, 3:5, -1"`, or the list of its places. */
export type Slice = string | readonly SliceItem[];

const INTEGER = /^[+-]?\d+$/;

function readInteger(text: string, position: number, of: string): number {
  const value = Number(text);
  if (!INTEGER.test(text) || !Number.isSafeInteger(value)) {
    throw new SliceError(`Slice "${of}": "${text}" at position ${position} is not an integer`);
  }
  return value === 0 ? 0 : value;
}

function checkStep(range: Range, position: number, of: string): Range {
  if (range.step !== undefined && range.step <= 0) {
    throw new SliceError(
      `Slice "${of}": step ${range.step} at position ${position} must be positive, as in PyTorch. Use flip() to turn a dimension round`,
    );
  }
  return range;
}

function readItem(text: string, position: number, of: string): SliceItem {
  if (text === "") throw new SliceError(`Slice "${of}": nothing at position ${position}`);
  if (text === "..." || text === "…") return "...";
  if (text === "None" || text === "null") return null;
  if (!text.includes(":")) return readInteger(text, position, of);
  const parts = text.split(":").map((part) => part.trim());
  if (parts.length > 3)
    throw new SliceError(`Slice "${of}": "${text}" at position ${position} has more than two colons`);
  const range: Range = {};
  const [start, stop, step] = parts;
  if (start !== "") range.start = readInteger(start, position, of);
  if (stop !== "") range.stop = readInteger(stop, position, of);
  if (step !== undefined && step !== "") range.step = readInteger(step, position, of);
  return checkStep(range, position, of);
}

function isIndexList(item: unknown): item is number[] | boolean[] {
  if (!Array.isArray(item)) return false;
  return (
    item.every((index) => Number.isSafeInteger(index)) || item.every((index) => typeof index === "boolean")
  );
}

function isRange(item: unknown): item is Range {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return false;
  const known = new Set(["start", "stop", "step"]);
  return Object.entries(item).every(
    ([key, value]) => known.has(key) && (value === undefined || Number.isSafeInteger(value)),
  );
}

function checkItem(item: SliceItem, position: number, of: string): SliceItem {
  if (item === null || item === "..." || Number.isSafeInteger(item) || isIndexList(item)) return item;
  if (binding.isTensor(item)) return item;
  if (isRange(item)) return checkStep(item, position, of);
  throw new SliceError(
    `Slice "${of}": position ${position} must be an integer, a range { start, stop, step }, "...", null, a list of integers or booleans, or a tensor`,
  );
}

/**
 * Reads a slice.
 * @throws SliceError naming the position (counted from 0) of what cannot be read
 */
export function parseSlice(slice: Slice): SliceItem[] {
  const items =
    typeof slice === "string"
      ? // A comma may end the slice, as in Python.
        slice
          .replace(/,\s*$/, "")
          .split(",")
          .map((text, position) => readItem(text.trim(), position, slice))
      : slice.map((item, position) => checkItem(item, position, describeSlice(slice)));
  const of = typeof slice === "string" ? slice : describeSlice(slice);
  if (items.filter((item) => item === "...").length > 1) {
    throw new SliceError(`Slice "${of}": "..." can stand only once`);
  }
  return items;
}

function describeItem(item: SliceItem): string {
  if (item === null) return "None";
  if (typeof item === "number" || typeof item === "string") return String(item);
  if (Array.isArray(item)) return `[${item.join(", ")}]`;
  if (binding.isTensor(item))
    return `tensor[${binding.isDisposed(item) ? "disposed" : binding.shape(item).join(", ")}]`;
  const { start, stop, step } = item as Range;
  return `${start ?? ""}:${stop ?? ""}${step === undefined ? "" : `:${step}`}`;
}

/** The slice as text, `"0, 3:5, -1"`: what {@link parseSlice} reads, except for lists and tensors. */
export function describeSlice(slice: Slice): string {
  return typeof slice === "string" ? slice : slice.map(describeItem).join(", ");
}
