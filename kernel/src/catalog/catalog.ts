import type { NodeInfo, PatchableGraph, PatchedEvent } from "@graphpatch/native";
import type { Comm, Comms } from "../comms/comm";
import type { Native } from "../preload/native";
import { CATALOG_TARGET, type CatalogGraph, type CatalogMessage, isCatalogRequest } from "../protocol";

/** What the catalog follows. */
export type GraphSource = Native["graphRegistry"];

/** Tells pages which graphs live in the kernel, over one comm a page. */
export class Catalog {
  readonly #comms: Comms;
  readonly #open = new Set<Comm>();
  #source: GraphSource | null = null;

  constructor(comms: Comms) {
    this.#comms = comms;
    comms.registerTarget(CATALOG_TARGET, (comm) => {
      this.#attach(comm);
      send(comm, this.#snapshot());
    });
  }

  /** Begins to follow the graphs of `source`. */
  follow(source: GraphSource): void {
    this.#source = source;
    source.on("captured", (graph) => this.#captured(graph));
    source.on("released", (id) => this.#broadcast({ type: "graph-removed", id }));
    source.on("patched", ({ graph, patched, probed }: PatchedEvent) =>
      this.#broadcast({ type: "patched", id: graph.id, patched, probed }),
    );
  }

  #captured(graph: PatchableGraph): void {
    if (this.#open.size === 0) this.#attach(this.#comms.open(CATALOG_TARGET));
    this.#broadcast({ type: "graph-added", graph: describeGraph(graph) });
  }

  #attach(comm: Comm): void {
    this.#open.add(comm);
    comm.onMessage = (data) => {
      if (isCatalogRequest(data)) send(comm, this.#snapshot());
    };
    comm.onClose = () => this.#open.delete(comm);
  }

  #snapshot(): CatalogMessage {
    return { type: "snapshot", graphs: (this.#source?.list() ?? []).map(describeGraph) };
  }

  #broadcast(message: CatalogMessage): void {
    for (const comm of this.#open) send(comm, message);
  }
}

function send(comm: Comm, message: CatalogMessage): void {
  comm.send({ ...message });
}

function describeGraph({ id, label, nodes }: PatchableGraph): CatalogGraph {
  return {
    id,
    label,
    nodes: [...nodes.values()].map(
      ({ name, kind, operator, shape, dtype, module, moduleType, code }: NodeInfo) => ({
        name,
        kind,
        operator,
        shape,
        dtype,
        module,
        moduleType,
        code,
      }),
    ),
  };
}
