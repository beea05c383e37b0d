import type { PatchableGraph, RunEvent } from "@graphpatch/native";
import type { Comm, Comms } from "../comms/comm";
import type { Displayer } from "../display/mimeBundle";
import type { Native } from "../preload/native";
import {
  CATALOG_TARGET,
  type CatalogMessage,
  type CatalogRequest,
  isCatalogRequest,
  type NodeRequest,
} from "../protocol";
import { describeGraph } from "./describeGraph";
import { LastRun } from "./lastRun";
import { LiveProbes } from "./liveProbes";
import { describeValue, tensorOf } from "./probedValue";
import { Throttle } from "./throttle";

/** A loop of runs is told of at most this often. */
const PAUSE_MS = 100;

/** What is known of a graph beside itself; gone with it. */
interface Followed {
  lastRun: LastRun;
  probes: LiveProbes;
}

/** Tells pages which graphs live in the kernel and what runs do to them, and looks at nodes for them; over one comm a page. */
export class Catalog {
  readonly #comms: Comms;
  readonly #open = new Set<Comm>();
  readonly #followed = new WeakMap<PatchableGraph, Followed>();
  /** Graphs with news that pages have not been told. */
  readonly #changed = new Set<PatchableGraph>();
  readonly #throttle = new Throttle(PAUSE_MS, () => this.#tellChanges());
  readonly #draw: Displayer;
  #native: Native | null = null;

  /** @param draw makes the picture of a probed tensor */
  constructor(comms: Comms, draw: Displayer) {
    this.#comms = comms;
    this.#draw = draw;
    comms.registerTarget(CATALOG_TARGET, (comm) => {
      this.#attach(comm);
      this.#sendAll(comm);
    });
  }

  /** Begins to follow the graphs of the library. */
  follow(native: Native): void {
    this.#native = native;
    const { graphRegistry } = native;
    graphRegistry.on("captured", (graph) => this.#captured(graph));
    graphRegistry.on("released", (id) => this.#broadcast({ type: "graph-removed", id }));
    graphRegistry.on("ran", (event) => this.#ran(event));
  }

  #captured(graph: PatchableGraph): void {
    if (this.#open.size === 0) this.#attach(this.#comms.open(CATALOG_TARGET));
    this.#broadcast({ type: "graph-added", graph: describeGraph(graph) });
  }

  #ran(event: RunEvent): void {
    this.#follow(event.graph).lastRun.record(event);
    this.#announce(event.graph);
  }

  #announce(graph: PatchableGraph): void {
    this.#changed.add(graph);
    this.#throttle.ask();
  }

  #follow(graph: PatchableGraph): Followed {
    let followed = this.#followed.get(graph);
    if (!followed) {
      // The graph knows of its probes, so they must not keep it alive in turn.
      const weak = new WeakRef(graph);
      const probes = new LiveProbes(() => {
        const live = weak.deref();
        if (live) this.#announce(live);
      });
      followed = { lastRun: new LastRun(), probes };
      this.#followed.set(graph, followed);
    }
    return followed;
  }

  #tellChanges(): void {
    for (const graph of this.#changed) {
      for (const message of this.#newsOf(graph)) this.#broadcast(message);
    }
    this.#changed.clear();
  }

  #newsOf(graph: PatchableGraph): CatalogMessage[] {
    const { lastRun, probes } = this.#follow(graph);
    const { id } = graph;
    return [
      { type: "ran", id, marks: lastRun.marks() },
      { type: "probes", id, probes: probes.list() },
    ];
  }

  #attach(comm: Comm): void {
    this.#open.add(comm);
    comm.onMessage = (data) => {
      if (isCatalogRequest(data)) this.#answer(comm, data);
    };
    comm.onClose = () => this.#open.delete(comm);
  }

  #sendAll(comm: Comm): void {
    const graphs = this.#native?.graphRegistry.list() ?? [];
    send(comm, { type: "snapshot", graphs: graphs.map(describeGraph) });
    for (const graph of graphs) {
      if (this.#followed.has(graph)) for (const message of this.#newsOf(graph)) send(comm, message);
    }
  }

  #answer(comm: Comm, request: CatalogRequest): void {
    if (request.type === "resync") {
      this.#sendAll(comm);
      return;
    }
    const { id, node } = request;
    try {
      const graph = this.#native?.graphRegistry.list().find((candidate) => candidate.id === id);
      if (!graph) throw new ReferenceError(`there is no graph ${id} any more`);
      this.#serve(comm, graph, request);
    } catch (error) {
      send(comm, {
        type: "refused",
        id,
        node,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #serve(comm: Comm, graph: PatchableGraph, { type, node }: NodeRequest): void {
    const { id } = graph;
    const { probes } = this.#follow(graph);
    switch (type) {
      case "probe":
        probes.add(graph, node);
        break;
      case "unprobe":
        probes.remove(node);
        break;
      case "value": {
        const tensor = this.#lastSeen(graph, node);
        send(comm, { type: "value", id, node, value: tensor && describeValue(tensor) });
        return;
      }
      case "picture": {
        const tensor = this.#lastSeen(graph, node);
        const bundle = (tensor && this.#draw(tensor)?.data) ?? null;
        send(comm, { type: "picture", id, node, runs: probes.runsOf(node), bundle });
        return;
      }
    }
    this.#announce(graph);
  }

  /** What the page's own probe of a node saw, or else the user's last one. */
  #lastSeen(graph: PatchableGraph, node: string) {
    const { lastRun, probes } = this.#follow(graph);
    const probe = probes.probeOf(node) ?? lastRun.probeOf(node);
    return probe && this.#native ? tensorOf(probe, this.#native) : null;
  }

  #broadcast(message: CatalogMessage): void {
    for (const comm of this.#open) send(comm, message);
  }
}

function send(comm: Comm, message: CatalogMessage): void {
  comm.send({ ...message });
}
