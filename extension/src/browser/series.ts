import { compareNatural, splitNumber } from "./naturalOrder";
import type { TreeItem } from "./tree";

/** Order of siblings: as they are computed, or by name. */
export type SiblingOrder = "execution" | "natural";

/** A run of numbered siblings shown as one row: `layers_0 … layers_29`. */
export interface Series {
  /** Unique among rows, and no path. */
  readonly id: string;
  readonly label: string;
  readonly members: readonly TreeItem[];
}

export type Sibling = TreeItem | Series;

export function isSeries(sibling: Sibling): sibling is Series {
  return "members" in sibling;
}

/**
 * Siblings in the order asked for, with runs of at least `threshold` numbered ones folded into a series.
 *
 * Only neighbours fold: in execution order, operators that alternate stay as the computation has them.
 * A threshold of 0 folds nothing.
 */
export function arrange(children: readonly TreeItem[], order: SiblingOrder, threshold: number): Sibling[] {
  const ordered =
    order === "natural" ? [...children].sort((a, b) => compareNatural(a.label, b.label)) : children;
  if (threshold <= 0 || ordered.length < threshold) return [...ordered];
  const arranged: Sibling[] = [];
  for (let from = 0; from < ordered.length; ) {
    const to = endOfRun(ordered, from);
    const run = ordered.slice(from, to);
    if (run.length >= threshold) arranged.push(fold(run));
    else arranged.push(...run);
    from = to;
  }
  return arranged;
}

/** Index after the last neighbour of the series that begins at `from`: same base, growing numbers, same sort of row. */
function endOfRun(items: readonly TreeItem[], from: number): number {
  const isModule = items[from].children.length > 0;
  const [base, first] = splitNumber(items[from].label);
  let number = first;
  let to = from + 1;
  for (; to < items.length; to++) {
    const [nextBase, nextNumber] = splitNumber(items[to].label);
    const sameSort = items[to].children.length > 0 === isModule;
    if (nextBase !== base || nextNumber <= number || !sameSort) break;
    number = nextNumber;
  }
  return to;
}

function fold(members: readonly TreeItem[]): Series {
  const first = members[0];
  const last = members[members.length - 1];
  // A newline cannot stand in a path of the tree's rows, so the id never collides with one.
  return { id: `${first.path}\n${last.path}`, label: `${first.label} … ${last.label}`, members };
}
