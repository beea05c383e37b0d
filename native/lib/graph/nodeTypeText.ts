import type { NodeInfo } from "./nodeIndex";

/** What names are taken from. */
interface NamedGraph {
  readonly nodes: ReadonlyMap<string, NodeInfo>;
  readonly aliases: ReadonlyMap<string, string>;
}

/** More than this many list indices in a path are written with dots all at once or not at all. */
const MAX_MIXED = 2;

/**
 * The names that a graph takes: those of its nodes, modules' paths for their outputs, and aliases, each with what it stands for.
 * @param spellings also PyTorch's spelling of list indices, `h.17` for `h_17`
 */
export function acceptedNames({ nodes, aliases }: NamedGraph, spellings: boolean): Map<string, NodeInfo> {
  const names = new Map<string, NodeInfo>(nodes);
  for (const info of nodes.values()) {
    const name = withoutOutput(info);
    if (name !== null && !names.has(name)) names.set(name, info);
  }
  if (spellings) {
    for (const [name, info] of [...names]) {
      for (const module of dottedSpellings(info.module)) {
        const spelling = module + name.slice(info.module.length);
        if (!names.has(spelling)) names.set(spelling, info);
      }
    }
  }
  for (const [alias, name] of aliases) {
    const info = nodes.get(name);
    if (info && !names.has(alias)) names.set(alias, info);
  }
  return names;
}

/** `h_0.mlp` for `h_0.mlp.output`, `h_0|sub_1` for `h_0.output|sub_1`; null for what is no output of a module below the root. */
function withoutOutput({ name, kind, module }: NodeInfo): string | null {
  if (kind !== "output" || module === "" || !name.startsWith(`${module}.output`)) return null;
  return module + name.slice(`${module}.output`.length);
}

/** The other ways to write the list indices of a module's path: `h.0.mlp` for `h_0.mlp`. */
function dottedSpellings(path: string): string[] {
  const parts = path.split(/(?<=[^.])_(?=\d+(?:\.|$))/);
  const places = parts.length - 1;
  const all = 2 ** places - 1;
  const choices = places > MAX_MIXED ? [all] : Array.from({ length: all }, (_, i) => i + 1);
  const separator = (choice: number, place: number) => ((choice >> (place - 1)) & 1 ? "." : "_");
  return choices.map((choice) => parts.reduce((text, part, place) => text + separator(choice, place) + part));
}

/** `mul · float32[1, 13, 3072]`: a node's operator, dtype and shape at capture. */
export function describeNode({ operator, dtype, shape }: NodeInfo): string {
  const short = operator.replace(/^aten::/, "").replace(/\.\w+$/, "");
  return shape ? `${short} · ${dtype}[${shape.join(", ")}]` : short;
}

/**
 * A declaration file with the names of a graph as the interface `name`, for `PatchableGraph.load<Module, Name>(…)` in a script: a misspelt
 * literal is then a compile-time error, and an editor completes names.
 * @throws RangeError when `name` is no identifier.
 */
export function nodeTypeFile(graph: NamedGraph & { readonly label: string }, name: string): string {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
    throw new RangeError(`"${name}" is no name of an interface`);
  const members = [...acceptedNames(graph, true)].map(
    ([key, info]) =>
      `  /** ${commentText(describeNode(info))} */\n  readonly ${JSON.stringify(key)}?: Patches;\n`,
  );
  return `// Names of the nodes of ${commentText(graph.label)}, as graphpatch wrote them.
import type { NodeNames, Patches } from "@graphpatch/native";

export interface ${name} extends NodeNames {
${members.join("")}}
`;
}

/** Text of a file that may be a stranger's, in a comment that it cannot end. */
function commentText(text: string): string {
  return text.replace(/\*\//g, "* /").replace(/\s+/g, " ");
}
