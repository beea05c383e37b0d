import { EventEmitter } from "node:events";
import type { Patch } from "../patches/patch";
import type { PatchableGraph } from "./patchableGraph";

/** A run is over: the patches that were in force, in order, each with its node. They can be asked what they did. */
export interface RunEvent {
  graph: PatchableGraph;
  patches: readonly { node: string; patch: Patch }[];
}

interface RegistryEvents {
  /** A graph was captured or loaded. */
  captured: [PatchableGraph];
  /** A graph, by its id, was garbage-collected. */
  released: [string];
  /** A run with patches is over, or the first without after one; runs of sweeps are not told. */
  ran: [RunEvent];
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
