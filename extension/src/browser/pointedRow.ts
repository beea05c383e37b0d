import { splitNumber } from "./naturalOrder";
import type { Row } from "./rows";
import type { Tree } from "./tree";

/** Whether a row stands for a node that is pointed at: its own, its module's where that is closed, or its folded series'. */
export function isPointedRow(row: Row, node: string): boolean {
  if (row.path === null) return row.isExpanded === false && isInSeries(row.id, node);
  if (row.path === node || `${row.path}.output` === node) return true;
  return row.isExpanded === false && holds(row.path, node);
}

function holds(path: string, node: string): boolean {
  return node.startsWith(path) && (node[path.length] === "." || node[path.length] === "|");
}

/** @param id of a series: the paths of its first and last member */
function isInSeries(id: string, node: string): boolean {
  const [[base, first], [, last]] = id.split("\n").map(splitNumber);
  if (!node.startsWith(base)) return false;
  const found = /^(?:_(\d+))?(?:[.|]|$)/.exec(node.slice(base.length));
  if (!found) return false;
  const number = found[1] === undefined ? -1 : Number(found[1]);
  return number >= first && number <= last;
}

/** What the paths of the model's blocks begin with, before their numbers: the numbered modules that hold the most nodes. Null for none. */
export function blockPrefix({ items }: Tree): string | null {
  const counts = new Map<string, number>();
  for (const { path, children, count } of items.values()) {
    const prefix = children.length > 0 ? /^(.*_)\d+$/.exec(path)?.[1] : undefined;
    if (prefix !== undefined) counts.set(prefix, (counts.get(prefix) ?? 0) + count);
  }
  let best: string | null = null;
  for (const [prefix, count] of counts) if (best === null || count > (counts.get(best) ?? 0)) best = prefix;
  return best;
}
