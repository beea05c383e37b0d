import type { Row } from "./rows";

/** What a key does in the tree. */
export type TreeAction =
  | { do: "activate"; index: number }
  | { do: "toggle"; id: string; open: boolean }
  | { do: "insert"; path: string }
  | { do: "copy"; path: string }
  | { do: "go"; step: -1 | 1 }
  | { do: "filter" };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/**
 * What a key means when the row at `active` is the active one (-1 for none): the keys of an ARIA tree, Enter to
 * insert, Ctrl+C to copy, `/` for the filter, Alt with an arrow to go back and forward. Null for a key that means nothing here.
 * @param page rows that fit on a page.
 */
export function treeAction(
  press: KeyPress,
  rows: readonly Row[],
  active: number,
  page: number,
): TreeAction | null {
  const row: Row | undefined = rows[active];
  const go = (index: number): TreeAction | null =>
    rows.length === 0 ? null : { do: "activate", index: Math.max(0, Math.min(rows.length - 1, index)) };
  if (press.altKey) {
    if (press.key === "ArrowLeft") return { do: "go", step: -1 };
    return press.key === "ArrowRight" ? { do: "go", step: 1 } : null;
  }
  if (press.ctrlKey || press.metaKey) {
    return press.key === "c" && row?.path ? { do: "copy", path: row.path } : null;
  }
  switch (press.key) {
    case "ArrowDown":
      return go(active + 1);
    case "ArrowUp":
      return go(active < 0 ? 0 : active - 1);
    case "PageDown":
      return go(Math.max(0, active) + page);
    case "PageUp":
      return go(active - page);
    case "Home":
      return go(0);
    case "End":
      return go(rows.length - 1);
    case "ArrowRight":
      if (!row || row.isExpanded === null) return null;
      return row.isExpanded ? go(active + 1) : { do: "toggle", id: row.id, open: true };
    case "ArrowLeft":
      if (row?.isExpanded) return { do: "toggle", id: row.id, open: false };
      return row ? go(parentIndex(rows, active)) : null;
    case "Enter":
      if (row?.node) return { do: "insert", path: row.node.name };
      return row && row.isExpanded !== null ? { do: "toggle", id: row.id, open: !row.isExpanded } : null;
    case " ":
      return row && row.isExpanded !== null ? { do: "toggle", id: row.id, open: !row.isExpanded } : null;
    case "/":
      return { do: "filter" };
    default:
      return null;
  }
}

function parentIndex(rows: readonly Row[], at: number): number {
  const { level } = rows[at];
  for (let index = at - 1; index >= 0; index--) {
    if (rows[index].level < level) return index;
  }
  return at;
}

/** The next row after `active` whose name begins with what was typed, from the start again after the end; -1 for none. */
export function typeAhead(rows: readonly Row[], active: number, typed: string): number {
  const prefix = typed.toLowerCase();
  // A longer prefix may still mean the row one is on; the first letter means the next one.
  const first = Math.max(0, typed.length > 1 ? active : active + 1);
  for (let step = 0; step < rows.length; step++) {
    const index = (first + step) % rows.length;
    if (rows[index].label.toLowerCase().startsWith(prefix)) return index;
  }
  return -1;
}
