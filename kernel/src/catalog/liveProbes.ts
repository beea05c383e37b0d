import type { PatchableGraph, ProbePatch } from "@graphpatch/native";
import type { LiveProbe } from "../protocol";

interface Watched {
  watch: Disposable;
  /** Of the last run that reached the node. */
  probe: ProbePatch | null;
  runs: number;
}

/** The probes of one graph that pages asked for. They look at every run and change none. */
export class LiveProbes {
  readonly #watched = new Map<string, Watched>();

  /** @param seen called after each run that reached one of the nodes */
  constructor(private readonly seen: () => void) {}

  /** @throws UnknownNodeError */
  add(graph: PatchableGraph, node: string): void {
    if (this.#watched.has(node)) return;
    const watch = graph.watch(node, (probe) => {
      watched.probe = probe;
      watched.runs += 1;
      this.seen();
    });
    const watched: Watched = { watch, probe: null, runs: 0 };
    this.#watched.set(node, watched);
  }

  remove(node: string): void {
    this.#watched.get(node)?.watch[Symbol.dispose]();
    this.#watched.delete(node);
  }

  list(): LiveProbe[] {
    return [...this.#watched].map(([node, { runs }]) => ({ node, runs }));
  }

  runsOf(node: string): number {
    return this.#watched.get(node)?.runs ?? 0;
  }

  probeOf(node: string): ProbePatch | null {
    return this.#watched.get(node)?.probe ?? null;
  }
}
