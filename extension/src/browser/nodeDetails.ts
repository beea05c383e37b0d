import type { CatalogGraph, CatalogNode } from "@graphpatch/kernel/protocol";

/** A node that one can go to. */
export interface NodeLink {
  readonly path: string;
  /** What of its path is not that of the node one comes from. */
  readonly label: string;
  readonly node: CatalogNode;
}

/** `batch 1 × token 13 × hidden 576`, or `1 × 13 × 576` where no dimension has a name; a lone value is a `scalar`. */
export function describeShape({ shape, dims }: Pick<CatalogNode, "shape" | "dims">): string | null {
  if (!shape) return null;
  if (shape.length === 0) return "scalar";
  const isNamed = dims?.some((name, dim) => name !== `dim_${dim}`) ?? false;
  return shape.map((size, dim) => (isNamed ? `${dims?.[dim]} ${size}` : String(size))).join(" × ");
}

/** The end of `path` that `from` does not share, from a whole segment on: `q_proj.output` for siblings. */
export function relativePath(path: string, from: string): string {
  let shared = 0;
  for (let at = 0; at < Math.min(path.length, from.length) && path[at] === from[at]; at++) {
    if (path[at] === ".") shared = at + 1;
  }
  return path.slice(shared);
}

/** What a node is computed from, or what is computed from it. */
export function linksFrom(graph: CatalogGraph, index: number, ends: "inputs" | "users"): NodeLink[] {
  const from = graph.nodes[index].name;
  return Array.from(new Set(graph[ends].at(index)), (place) => {
    const node = graph.nodes[place];
    return { path: node.name, label: relativePath(node.name, from), node };
  });
}

/** Other names of a node. */
export function aliasesOf({ aliases }: CatalogGraph, index: number): string[] {
  return [...aliases].filter(([, node]) => node === index).map(([alias]) => alias);
}

/** A source line taken apart: `gpt2.ts:54: return x` has a place and a text. */
export function sourceOf(code: string): { place: string | null; text: string } {
  const parts = /^([^\s:]+:\d+)(?:: (.*))?$/s.exec(code);
  return parts ? { place: parts[1], text: parts[2] ?? "" } : { place: null, text: code };
}
