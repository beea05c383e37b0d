import type { CapturedGraph } from "./capture";
import type { NodeInfo } from "./nodeIndex";
import { type NodeSpec, refsOf } from "./spec";

/** Who makes and who uses each value of a graph. */
export class Dataflow {
  /** In execution order, guards left out. */
  readonly nodes: readonly NodeSpec[];
  readonly inputs: ReadonlySet<number>;
  readonly #producers = new Map<number, NodeSpec>();
  readonly #infos = new Map<number, NodeInfo>();

  constructor(readonly captured: CapturedGraph) {
    this.nodes = captured.spec.nodes.filter(({ type }) => type !== "guard");
    this.inputs = new Set(captured.spec.inputs);
    for (const node of this.nodes) for (const result of node.results) this.#producers.set(result, node);
    for (const info of captured.index.infos.values()) {
      this.#infos.set(captured.index.resolve(info.name).value, info);
    }
  }

  /** What made the value; undefined for inputs and constants. */
  producer(value: number): NodeSpec | undefined {
    return this.#producers.get(value);
  }

  /** Undefined for a constant, and for a value without a name. */
  info(value: number): NodeInfo | undefined {
    return this.#infos.get(value);
  }

  /** Values that the node is computed from, in the order of its arguments, and that decide whether it is run. */
  uses({ args, when }: NodeSpec): number[] {
    const refs = args.flatMap(refsOf);
    return when ? [...refs, when.value] : refs;
  }
}
