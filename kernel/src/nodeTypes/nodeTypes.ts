import { createHash } from "node:crypto";
import type { PatchableGraph } from "@graphpatch/native";
import type { Library } from "../preload/library";

/** Namespace in which cells see the interfaces; it shows in what the editor says of a graph's type. */
export const NAMESPACE = "NodesOf";

/**
 * What the interfaces are written with. By their own names, not by the global aliases: an interface that extends an alias is generic for the
 * compiler, which then copies all its members.
 */
const IMPORTS = `import type { NodeNames, Patches } from "@graphpatch/native";\n`;

/** A graph of which only its names matter. */
export type NamedGraph = Pick<PatchableGraph, "node" | "nodes" | "aliases" | "label">;

/**
 * The interfaces by which TypeScript knows the node names of live graphs. Graphs of the same names share one, so that capturing again
 * changes no type.
 */
export class NodeTypes {
  readonly #library: Pick<Library, "loaded" | "get">;
  readonly #declare: (text: string) => void;
  readonly #names = new WeakMap<NamedGraph, string>();
  readonly #byContent = new Map<string, string>();
  readonly #graphs = new Map<string, WeakRef<NamedGraph>>();
  /** The declarations as cells see them. */
  text = IMPORTS;

  /** @param declare takes {@link text} when it is another */
  constructor(library: Pick<Library, "loaded" | "get">, declare: (text: string) => void) {
    this.#library = library;
    this.#declare = declare;
  }

  isGraph(value: unknown): value is NamedGraph {
    const native = this.#library.loaded();
    return native !== null && value instanceof native.PatchableGraph;
  }

  /** Name of the interface with the graph's names, declared if it is new: `NodesOf.GPT2LMHeadModel`. */
  nameOf(graph: NamedGraph): string {
    const known = this.#names.get(graph);
    if (known !== undefined) return known;
    const members = [...this.#library.get().acceptedNames(graph, false).keys()];
    const content = createHash("sha256").update(members.join("\n")).digest("base64");
    const name = this.#byContent.get(content) ?? this.#add(graph.label, content, members);
    this.#graphs.set(name, new WeakRef(graph));
    const qualified = `${NAMESPACE}.${name}`;
    this.#names.set(graph, qualified);
    return qualified;
  }

  /** A live graph whose names the interface `name` has; null when all are gone. */
  graphOf(name: string): NamedGraph | null {
    return this.#graphs.get(name)?.deref() ?? null;
  }

  #add(label: string, content: string, members: readonly string[]): string {
    const base = label.replace(/[^\w$]/g, "").replace(/^\d+/, "") || "Graph";
    let name = base;
    for (let number = 2; this.#graphs.has(name); number++) name = `${base}_${number}`;
    this.#byContent.set(content, name);
    const keys = members.map((member) => `${JSON.stringify(member)}?: Patches;`).join("\n");
    this.text += `declare global { namespace ${NAMESPACE} { interface ${name} extends NodeNames {\n${keys}\n} } }\n`;
    this.#declare(this.text);
    return name;
  }
}
