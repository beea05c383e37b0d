import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import { NODE_FILTERS, type NodeFilter } from "./filters";

/** What of one graph is remembered. */
export interface SavedGraph {
  readonly expanded: readonly string[];
  readonly active: string | null;
}

/** What of the browser is remembered from one page to the next. Graphs by their label: another capture of a model looks the same. */
export interface SavedState {
  readonly query: string;
  readonly filters: readonly NodeFilter[];
  readonly graphs: ReadonlyMap<string, SavedGraph>;
}

/** More would make a page slow to come up. */
const MOST_GRAPHS = 20;
const MOST_EXPANDED = 500;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads what was saved, by this version or another; what is not understood is left out. */
export function readState(saved: unknown): SavedState {
  const { query, filters, graphs } = isObject(saved) ? saved : {};
  const list = Array.isArray(graphs) ? graphs : [];
  return {
    query: typeof query === "string" ? query : "",
    filters: NODE_FILTERS.filter((filter) => Array.isArray(filters) && filters.includes(filter)),
    graphs: new Map(
      list.flatMap((entry): [string, SavedGraph][] => {
        if (!isObject(entry) || typeof entry.label !== "string" || !Array.isArray(entry.expanded)) return [];
        const expanded = entry.expanded.filter((id): id is string => typeof id === "string");
        return [[entry.label, { expanded, active: typeof entry.active === "string" ? entry.active : null }]];
      }),
    ),
  };
}

/** @returns what {@link readState} reads */
export function writeState({ query, filters, graphs }: SavedState): ReadonlyPartialJSONObject {
  return {
    query,
    filters: [...filters],
    graphs: [...graphs].slice(-MOST_GRAPHS).map(([label, { expanded, active }]) => ({
      label,
      expanded: expanded.slice(0, MOST_EXPANDED),
      active,
    })),
  };
}
