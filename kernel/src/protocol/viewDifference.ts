import { isIndex, isObject } from "./checks";

/** A number as JSON can hold it. */
export type JsonNumber = number | "NaN" | "Infinity";

/** How far a node's value is from that of the other run. */
export interface DifferenceRow {
  /** Untrusted: text only. */
  node: string;
  operator: string;
  /** ‖b − a‖ / ‖a‖; infinite where only the first is zero, NaN where one run has a NaN. */
  relative: JsonNumber;
  /** ‖b − a‖. */
  norm: JsonNumber;
  /** Largest absolute difference of one number. */
  maxChange: JsonNumber;
}

/** What a picture of the kind `difference` says of the nodes of two runs. */
export interface ViewDifference {
  compared: number;
  changed: number;
  /** The first node in execution order that changed. */
  first: string | null;
  /** Nodes that could not be compared, as their shapes differ. */
  incomparable: number;
  /** In execution order; of many, those of largest relative change. */
  rows: DifferenceRow[];
}

function isJsonNumber(value: unknown): value is JsonNumber {
  return typeof value === "number" || value === "NaN" || value === "Infinity";
}

export function isViewDifference(value: unknown): value is ViewDifference {
  return (
    isObject(value) &&
    isIndex(value.compared) &&
    isIndex(value.changed) &&
    isIndex(value.incomparable) &&
    (value.first === null || typeof value.first === "string") &&
    Array.isArray(value.rows) &&
    value.rows.every(
      (row) =>
        isObject(row) &&
        typeof row.node === "string" &&
        typeof row.operator === "string" &&
        isJsonNumber(row.relative) &&
        isJsonNumber(row.norm) &&
        isJsonNumber(row.maxChange),
    )
  );
}
