import type { CatalogNode } from "@graphpatch/kernel/protocol";
import type { NodeMarks } from "../tokens";
import { isAttentionPattern } from "./operators";

/** Quick filters of the browser, in the order they are shown. */
export const NODE_FILTERS = ["operators", "tensors", "parameters", "attention", "patched", "probed"] as const;
export type NodeFilter = (typeof NODE_FILTERS)[number];

/** Whether a node is of one of the sorts chosen; with none chosen every node is. */
export function passesFilters(node: CatalogNode, chosen: ReadonlySet<NodeFilter>, marks: NodeMarks): boolean {
  if (chosen.size === 0) return true;
  for (const filter of chosen) {
    if (passes(node, filter, marks)) return true;
  }
  return false;
}

function passes(node: CatalogNode, filter: NodeFilter, marks: NodeMarks): boolean {
  switch (filter) {
    case "operators":
      return node.kind === "operator";
    case "tensors":
      return node.shape !== null;
    case "parameters":
      return node.kind === "parameter" || node.kind === "buffer";
    case "attention":
      return isAttentionPattern(node);
    case "patched":
      return marks.patched.has(node.name);
    case "probed":
      return marks.probed.has(node.name) || marks.live.has(node.name);
  }
}
