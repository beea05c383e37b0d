import { createHash } from "node:crypto";
import type { PatchableGraph } from "@graphpatch/native";
import type { Native } from "../preload/native";

/** Namespace in which cells see the interfaces; it shows in what the editor says of a graph's type. */
export const NAMESPACE = "NodesOf";

/** A graph of which only its names matter. */
export type NamedGraph = Pick<PatchableGraph, "node" | "nodes" | "aliases" | "label">;

/**
 * The interfaces by which TypeScript knows the node names of live graphs. Graphs of the same names share one, so that capturing again
 * changes no type.
 */
export class NodeTypes {
  readonly #native: () => Native;
  readonly #declare: (module: string, text: string) => void;
  readonly #names = new WeakMap<NamedGraph, string>();
  readonly #byContent = new Map<string, string>();
  readonly #graphs = new Map<string, WeakRef<NamedGraph>>();

  /** @param declare adds a module of declarations to what cells see */
  constructor(native: () => Native, declare: (module: string, text: string) => void) {
    this.#native = native;
    this.#declare = declare;
  }

  isGraph(value: unknown): value is NamedGraph {
    return typeof value === "object" && value !== null && value instanceof this.#native().PatchableGraph;
  }

  /** Name of the interface with the graph's names, declared if it is new: `NodesOf.GPT2LMHeadModel`. */
  nameOf(graph: NamedGraph): string {
    const known = this.#names.get(graph);
    if (known !== undefined) return known;
    const members = [...this.#native().acceptedNames(graph, false).keys()];
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
    this.#declare(
      `graphpatch_nodes_${this.#byContent.size}`,
      `declare global { namespace ${NAMESPACE} { interface ${name} extends NodeNames {\n${keys}\n} } }\n`,
    );
    return name;
  }
}
