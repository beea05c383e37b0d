import type { CatalogGraph, CatalogNode } from "@graphpatch/kernel/protocol";

/** A place in the module tree: a module, a node, or (for `output|logits` beneath `output`) both. */
export interface TreeItem {
  /** Full path; unique within the graph. */
  readonly path: string;
  /** Last segment of the path. */
  readonly label: string;
  readonly parent: TreeItem | null;
  /** Place among all items, in order of appearance; the root's is 0. */
  readonly order: number;
  /** In order of first appearance in the graph, which is execution order. */
  readonly children: TreeItem[];
  node: CatalogNode | null;
  /** Place of the node in the graph's list; -1 for a module. */
  index: number;
  /** Nodes here and beneath. */
  count: number;
  /** Class of the module; "" for a node and where unknown. */
  moduleType: string;
}

/** The module tree of a graph. `items` finds a place by its path. */
export interface Tree {
  readonly root: TreeItem;
  readonly items: ReadonlyMap<string, TreeItem>;
  /** The item of each node, in the graph's order. */
  readonly leaves: readonly TreeItem[];
}

/** Where the last segment of a path begins: after the last `.`, or at the last `|`. */
function lastSegment(path: string): number {
  const pipe = path.lastIndexOf("|");
  return Math.max(pipe, path.lastIndexOf(".") + 1, 0);
}

/** Path of the module or value a path stands in; "" for the root. */
export function parentPath(path: string): string {
  const at = lastSegment(path);
  return path.slice(0, path[at] === "|" ? at : Math.max(0, at - 1));
}

/** No model nests this deep: a longer name is kept whole, beneath the root. */
const LONGEST_PATH = 2000;

/** Builds the module tree of a graph from the paths of its nodes, in one pass. */
export function buildTree(graph: Pick<CatalogGraph, "nodes">): Tree {
  const root = makeItem("", "", null, 0);
  const items = new Map<string, TreeItem>([["", root]]);
  const place = (path: string): TreeItem => {
    const known = items.get(path);
    if (known) return known;
    // A path that begins with a separator has the empty path, the root, as its parent.
    const isLong = path.length > LONGEST_PATH;
    const parent = isLong ? root : place(parentPath(path));
    const label = isLong ? path : path.slice(lastSegment(path));
    const item = makeItem(path, label, parent, items.size);
    parent.children.push(item);
    items.set(path, item);
    return item;
  };
  const leaves = graph.nodes.map((node, index) => {
    const item = place(node.name);
    item.node = node;
    item.index = index;
    const owner = items.get(node.module);
    if (owner && owner.moduleType === "") owner.moduleType = node.moduleType;
    for (let at: TreeItem | null = item; at; at = at.parent) at.count += 1;
    return item;
  });
  return { root, items, leaves };
}

function makeItem(path: string, label: string, parent: TreeItem | null, order: number): TreeItem {
  return { path, label, parent, order, children: [], node: null, index: -1, count: 0, moduleType: "" };
}
