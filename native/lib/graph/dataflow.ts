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
  readonly #uses = new Map<NodeSpec, readonly number[]>();
  #deciding: ReadonlySet<number> | null = null;

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

  /** Values whose patches decide what others are aliases of (`NodeSpec.unless`). */
  get deciding(): ReadonlySet<number> {
    this.#deciding ??= new Set(
      this.nodes.flatMap(({ unless }) =>
        (unless?.watched ?? []).flatMap((values) => {
          if (values.length === 1) return [...this.#everyName(values[0])];
          const [names, others] = values.map((value) => this.#names(value));
          const isOnlyOne = (value: number) => names.includes(value) !== others.includes(value);
          return [...names, ...others].filter(isOnlyOne);
        }),
      ),
    );
    return this.#deciding;
  }

  /** A value and those that it is an alias of, whatever is patched. */
  #names(value: number): number[] {
    const names = [value];
    for (let maker = this.producer(value); maker?.type === "alias" && !maker.unless; ) {
      const [source] = this.uses(maker);
      names.push(source);
      maker = this.producer(source);
    }
    return names;
  }

  /** And those that it is one of where some node is patched. */
  #everyName(value: number, known = new Set<number>()): ReadonlySet<number> {
    if (known.has(value)) return known;
    known.add(value);
    const maker = this.producer(value);
    if (maker?.type !== "alias") return known;
    this.#everyName(this.uses(maker)[0], known);
    if (maker.unless) this.#everyName(maker.unless.other, known);
    return known;
  }

  /** Values that the node is computed from, in the order of its arguments, and that decide whether it is run. */
  uses(node: NodeSpec): readonly number[] {
    const known = this.#uses.get(node);
    if (known) return known;
    const refs = node.args.flatMap(refsOf);
    if (node.when) refs.push(node.when.value);
    this.#uses.set(node, refs);
    return refs;
  }

  /** The values, and all that they are computed from. */
  upstreamOf(values: readonly number[]): Set<number> {
    const needed = new Set(values);
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i];
      if (!node.results.some((value) => needed.has(value))) continue;
      for (const value of this.uses(node)) needed.add(value);
      if (node.unless) needed.add(node.unless.other);
    }
    return needed;
  }
}
