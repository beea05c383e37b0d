import type { CapturedGraph } from "../graph/capture";
import type { NodeInfo } from "../graph/nodeIndex";
import { type NodeSpec, refsOf } from "../graph/spec";

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

  uses(node: NodeSpec): number[] {
    return node.args.flatMap(refsOf);
  }
}
