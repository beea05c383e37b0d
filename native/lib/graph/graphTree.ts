import type { NodeInfo } from "./nodeIndex";

/** What can be asked of a place in the tree; the other properties are the places below it. */
export interface GraphPlace {
  /** Full path; "" for the whole graph. */
  readonly _name: string;
  /** Class of a module, or the operator of a node. */
  readonly _operator: string;
  readonly _shape: number[] | null;
  readonly _dtype: string | null;
  readonly _code: string | null;
  /** Number of nodes at and below this place. */
  readonly _count: number;
  /** The name, so that a place can stand wherever a name is wanted. */
  toString(): string;
}

/** The tree of modules and nodes: `pg.graph.transformer.h_17.mlp.act.mul_3`. */
export type GraphTree = GraphPlace & { readonly [child: string]: GraphTree };

interface Branch {
  name: string;
  info: NodeInfo | null;
  moduleType: string | null;
  children: Map<string, Branch>;
  count: number;
}

function newBranch(name: string): Branch {
  return { name, info: null, moduleType: null, children: new Map(), count: 0 };
}

/** Path segments of a node's name; parts of containers are segments, too. */
function segments(name: string): { key: string; path: string }[] {
  const result: { key: string; path: string }[] = [];
  const separator = /[.|]/g;
  let start = 0;
  for (let match = separator.exec(name); ; match = separator.exec(name)) {
    const end = match ? match.index : name.length;
    result.push({ key: name.slice(start, end), path: name.slice(0, end) });
    if (!match) return result;
    start = end + 1;
  }
}

function buildBranches(infos: Iterable<NodeInfo>): Branch {
  const root = newBranch("");
  for (const info of infos) {
    let branch = root;
    root.count++;
    if (info.module === "") root.moduleType = info.moduleType;
    for (const { key, path } of segments(info.name)) {
      let next = branch.children.get(key);
      if (!next) {
        next = newBranch(path);
        branch.children.set(key, next);
      }
      branch = next;
      branch.count++;
      if (path === info.module) branch.moduleType = info.moduleType;
    }
    branch.info = info;
  }
  return root;
}

const MAX_CHILDREN = 12;

function describe(branch: Branch): string {
  const { info } = branch;
  if (!info) return branch.moduleType ?? "";
  const shape = info.shape ? `${info.dtype}[${info.shape.join(", ")}]` : "number";
  return `${shape}  ${info.operator}`;
}

/** The tree as text, `depth` levels deep. */
function print(branch: Branch, depth: number, lines: string[], indent: string): void {
  const entries = [...branch.children];
  // Long lists of like children (thirty layers) are cut in the middle; the count is said.
  const cut = entries.length > MAX_CHILDREN;
  const shown = cut ? [...entries.slice(0, MAX_CHILDREN - 3), ...entries.slice(-2)] : entries;
  shown.forEach(([key, child], i) => {
    if (cut && i === MAX_CHILDREN - 3) lines.push(`${indent}├─ … ${entries.length - shown.length} more`);
    const last = i === shown.length - 1;
    lines.push(`${indent}${last ? "└─" : "├─"} ${key}  ${describe(child)}`.trimEnd());
    if (child.children.size > 0) {
      const below = indent + (last ? "   " : "│  ");
      if (depth > 1) print(child, depth - 1, lines, below);
      else lines.push(`${below}└─ … ${child.count} nodes`);
    }
  });
}

/** The tree below a place as text: module classes, shapes and operators. */
export function formatTree(tree: GraphTree, depth = 2): string {
  const branch = branches.get(tree);
  if (!branch) return String(tree);
  const lines = [
    `${branch.name === "" ? (branch.moduleType ?? "graph") : branch.name}  ${branch.count} nodes`,
  ];
  print(branch, depth, lines, "");
  return lines.join("\n");
}

const branches = new WeakMap<GraphTree, Branch>();

function place(branch: Branch): GraphTree {
  const { info } = branch;
  const own: Record<PropertyKey, unknown> = {
    _name: branch.name,
    _operator: info?.operator ?? branch.moduleType ?? "",
    _shape: info?.shape ?? null,
    _dtype: info?.dtype ?? null,
    _code: info?.code ?? null,
    _count: branch.count,
    toString: () => branch.name,
    [Symbol.toPrimitive]: () => branch.name,
  };
  const tree = Object.create(null) as GraphTree;
  for (const key of Reflect.ownKeys(own))
    Object.defineProperty(tree, key, { value: own[key], enumerable: false });
  // Children are made when they are looked at: a graph has thousands.
  for (const [key, child] of branch.children) {
    // A name may be one of a place's own (`_shape`, `toString`); such a child is found by its full name only.
    if (Object.hasOwn(tree, key)) continue;
    let made: GraphTree | null = null;
    Object.defineProperty(tree, key, {
      enumerable: true,
      get: () => {
        made ??= place(child);
        return made;
      },
    });
  }
  Object.defineProperty(tree, Symbol.for("nodejs.util.inspect.custom"), {
    enumerable: false,
    value: () => formatTree(tree),
  });
  branches.set(tree, branch);
  return tree;
}

/** Builds the tree of `infos`. */
export function buildTree(infos: Iterable<NodeInfo>): GraphTree {
  return place(buildBranches(infos));
}
