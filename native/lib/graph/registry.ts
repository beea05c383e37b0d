import { EventEmitter } from "node:events";
import type { PatchableGraph } from "./patchableGraph";

/** A run with patches: which nodes it patched and which it only looked at. */
export interface PatchedEvent {
  graph: PatchableGraph;
  patched: string[];
  probed: string[];
}

interface RegistryEvents {
  /** A graph was captured or loaded. */
  captured: [PatchableGraph];
  /** A graph, by its id, was garbage-collected. */
  released: [string];
  /** A run with patches is over. */
  patched: [PatchedEvent];
}

/** Knows the graphs of this process without keeping them alive; a user interface follows it. */
class GraphRegistry extends EventEmitter<RegistryEvents> {
  readonly #graphs = new Map<string, WeakRef<PatchableGraph>>();
  readonly #collected = new FinalizationRegistry<string>((id) => {
    this.#graphs.delete(id);
    this.emit("released", id);
  });

  add(graph: PatchableGraph): void {
    this.#graphs.set(graph.id, new WeakRef(graph));
    this.#collected.register(graph, graph.id);
    this.emit("captured", graph);
  }

  /** Live graphs, oldest first. */
  list(): PatchableGraph[] {
    return [...this.#graphs.values()].map((ref) => ref.deref()).filter((graph) => graph !== undefined);
  }
}

export const graphRegistry = new GraphRegistry();
