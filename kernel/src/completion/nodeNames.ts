import type { StringPlace } from "../language/calls";
import { compareNaturally } from "./naturalOrder";

/** What completion needs of a node. */
export interface CompletionNode {
  readonly name: string;
  readonly operator: string;
  readonly shape: readonly number[] | null;
  readonly dtype: string | null;
  readonly module: string;
  readonly moduleType: string;
  readonly kind: string;
  readonly code: string | null;
}

/** What completion needs of a graph. */
export interface CompletionGraph {
  readonly nodes: ReadonlyMap<string, CompletionNode>;
  /** Nodes by other names that they go by. */
  readonly aliases: ReadonlyMap<string, string>;
}

export interface NodeCompletion {
  text: string;
  /** Shown beside it: `operator · dtype[shape]`, or the class of a module. */
  type: string;
}

/**
 * Whether a node's name belongs at `place`: a key of the patches of `patch`, an output asked of `run`, or the name given to the
 * graph's own look-ups.
 */
export function expectsNodeName({ call, role, property, argument }: StringPlace): boolean {
  if (!call) return false;
  switch (call.method) {
    case "patch":
      return role === "key" && argument === 0 && property === null;
    case "run":
      return property === "outputs" && argument === 1;
    case "node":
      return role === "argument" && argument === 0;
    case "get":
    case "has":
      return /\bnodes$/.test(call.receiver) && role === "argument" && argument === 0;
    default:
      return false;
  }
}

/** The variable whose graph a call is made on: `pg` of `pg.patch(…)` and of `pg.nodes.get(…)`; null when it is an expression. */
export function graphVariable({ call }: StringPlace): string | null {
  const receiver = call?.receiver.replace(/\.nodes$/, "") ?? "";
  return /^[\w$]+$/.test(receiver) ? receiver : null;
}

/** The node that `name` means, itself or as an alias. */
export function nodeNamed({ nodes, aliases }: CompletionGraph, name: string): CompletionNode | undefined {
  return nodes.get(name) ?? nodes.get(aliases.get(name) ?? "");
}

/**
 * Names below what is typed, one path segment further: modules end in no dot, so that a further dot goes on from there. Names already
 * used beside it (`taken`) are left out.
 */
export function completeNodeName(
  graphs: Iterable<CompletionGraph>,
  prefix: string,
  taken: ReadonlySet<string> = new Set(),
): NodeCompletion[] {
  const found = new Map<string, string>();
  for (const graph of graphs) {
    for (const node of graph.nodes.values()) {
      if (!node.name.startsWith(prefix) || taken.has(node.name)) continue;
      const end = nextSeparator(node.name, prefix.length);
      if (end < 0) found.set(node.name, nodeType(node));
      else {
        const path = node.name.slice(0, end);
        if (path === node.module) found.set(path, node.moduleType);
        else if (!found.has(path)) found.set(path, "module");
      }
    }
    for (const [alias, name] of graph.aliases) {
      if (!alias.startsWith(prefix) || taken.has(alias)) continue;
      const end = nextSeparator(alias, prefix.length);
      const node = graph.nodes.get(name);
      if (end < 0 && node) found.set(alias, nodeType(node));
      else if (end >= 0 && !found.has(alias.slice(0, end))) found.set(alias.slice(0, end), "aliases");
    }
  }
  return [...found].map(([text, type]) => ({ text, type })).sort((a, b) => compareNaturally(a.text, b.text));
}

/** `operator · dtype[shape]`. */
export function nodeType({ operator, dtype, shape }: CompletionNode): string {
  const short = operator.replace(/^aten::/, "").replace(/\.\w+$/, "");
  return shape ? `${short} · ${dtype}[${shape.join(", ")}]` : short;
}

function nextSeparator(name: string, from: number): number {
  for (let at = from; at < name.length; at++) if (name[at] === "." || name[at] === "|") return at;
  return -1;
}
