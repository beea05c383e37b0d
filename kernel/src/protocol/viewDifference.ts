import { isIndex, isNullableNumber, isObject, isStringArray } from "./checks";

/** What a picture of the kind `difference` says of two runs; the differences are in the figure, one point a node in execution order. */
export interface ViewDifference {
  /** What the two runs are called. Untrusted: text only. */
  names: [string, string];
  /** Nodes in execution order, as many as the figure's points. Untrusted: text only. */
  nodes: string[];
  /** Place in `nodes` of the first that differs; null where all are equal. */
  first: number | null;
  /** Differences relative to the first run's largest value up to this count as equal. */
  tolerance: number;
  /** Nodes that were compared, also those that the figure leaves out. */
  compared: number;
  /** How many of them differ. */
  differing: number;
}

export function isViewDifference(value: unknown): value is ViewDifference {
  return (
    isObject(value) &&
    isStringArray(value.names) &&
    value.names.length === 2 &&
    isStringArray(value.nodes) &&
    isNullableNumber(value.first) &&
    typeof value.tolerance === "number" &&
    isIndex(value.compared) &&
    isIndex(value.differing)
  );
}
