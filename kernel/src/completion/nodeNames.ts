import { matchesWords } from "./fuzzy";
import { compareNaturally } from "./naturalOrder";
import type { Expected } from "./stringPlace";

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
  /** Shown beside it: `operator · dtype[shape]`, or the class of a module with what it returns. */
  type: string;
  /** Source line of the node; "" where there is none. */
  signature: string;
}

/** Type of a part of a path of which nothing more is known. */
const PATH = "module";

/** Names found by their words' beginnings are this many at most: who types them looks for one. */
const MAX_FUZZY = 100;

/** The node that `name` means, itself, as a module's path or as an alias. */
export function nodeNamed({ nodes, aliases }: CompletionGraph, name: string): CompletionNode | undefined {
  const joined = joinIndices(name);
  const [path, ...rest] = joined.split("|");
  const output = [`${path}.output`, ...rest].join("|");
  return nodes.get(name) ?? nodes.get(joined) ?? nodes.get(output) ?? nodes.get(aliases.get(name) ?? "");
}

/**
 * Names below what is typed, one path segment further: modules end in no dot, so that a further dot goes on from there. List indices may be
 * spelt as PyTorch does (`h.17`). Where nothing begins so, names with words that begin so (`h17mlpmul3`). Names already used beside it (`taken`)
 * are left out.
 */
export function completeNodeName(
  graphs: readonly CompletionGraph[],
  prefix: string,
  taken: ReadonlySet<string> = new Set(),
  expected: Expected = "node",
): NodeCompletion[] {
  const found = below(graphs, prefix, taken, expected);
  const joined = joinIndices(prefix);
  if (found.size === 0 && joined !== prefix) {
    // As it is typed, or the front end would not take it for a completion. An index has the same length in both spellings.
    for (const one of below(graphs, joined, taken, expected).values()) {
      const text = prefix + one.text.slice(prefix.length);
      found.set(text, { ...one, text });
    }
  }
  const names = found.size > 0 ? found : byWords(graphs, prefix, taken, expected);
  return [...names.values()].sort((a, b) => compareNaturally(a.text, b.text));
}

function below(
  graphs: readonly CompletionGraph[],
  prefix: string,
  taken: ReadonlySet<string>,
  expected: Expected,
): Map<string, NodeCompletion> {
  const found = new Map<string, NodeCompletion>();
  for (const graph of graphs) {
    for (const { text, node, isAlias } of namesOf(graph, expected)) {
      if (!text.startsWith(prefix) || taken.has(text)) continue;
      const end = nextSeparator(text, prefix.length);
      if (end < 0) found.set(text, completion(text, node));
      else {
        const path = text.slice(0, end);
        const known = found.get(path)?.type;
        if (!isAlias && path === node.module && (known === undefined || known === PATH))
          found.set(path, { text: path, type: moduleType(graph, node), signature: "" });
        else if (known === undefined)
          found.set(path, { text: path, type: isAlias ? "aliases" : PATH, signature: "" });
      }
    }
  }
  return found;
}

function byWords(
  graphs: readonly CompletionGraph[],
  prefix: string,
  taken: ReadonlySet<string>,
  expected: Expected,
): Map<string, NodeCompletion> {
  const found = new Map<string, NodeCompletion>();
  const typed = prefix.toLowerCase().replace(/[._|\s]/g, "");
  if (typed === "") return found;
  for (const graph of graphs) {
    for (const { text, node } of namesOf(graph, expected)) {
      if (found.size >= MAX_FUZZY) return found;
      if (!taken.has(text) && matchesWords(typed, text.toLowerCase()))
        found.set(text, completion(text, node));
    }
  }
  return found;
}

interface Name {
  text: string;
  node: CompletionNode;
  isAlias: boolean;
}

function* namesOf({ nodes, aliases }: CompletionGraph, expected: Expected): Iterable<Name> {
  if (expected !== "alias") for (const [text, node] of nodes) yield { text, node, isAlias: false };
  if (expected === "own") return;
  for (const [text, name] of aliases) {
    const node = nodes.get(name);
    if (node) yield { text, node, isAlias: true };
  }
}

function completion(text: string, node: CompletionNode): NodeCompletion {
  return {
    text,
    // Read of the first thousand only.
    get type() {
      return nodeType(node);
    },
    signature: node.code ?? "",
  };
}

/** The class of the module that `node` stands in, with what it returns. */
function moduleType({ nodes }: CompletionGraph, { module, moduleType: type }: CompletionNode): string {
  const output = nodes.get(`${module}.output`);
  return output ? `${type} · ${valueType(output)}` : type;
}

/** `operator · dtype[shape]`. */
export function nodeType(node: CompletionNode): string {
  const short = node.operator.replace(/^aten::/, "").replace(/\.\w+$/, "");
  return node.shape ? `${short} · ${valueType(node)}` : short;
}

function valueType({ dtype, shape }: CompletionNode): string {
  return shape ? `${dtype}[${shape.join(", ")}]` : "number";
}

/** PyTorch's spelling of list indices, `h.17`, in the graph's, `h_17`; a last segment that is being typed, too. */
function joinIndices(path: string): string {
  return path.replace(/(?<=[^.])\.(?=\d+(?:[.|]|$))/g, "_");
}

function nextSeparator(name: string, from: number): number {
  for (let at = from; at < name.length; at++) if (name[at] === "." || name[at] === "|") return at;
  return -1;
}
