import { binding } from "../binding";
import type { CapturedGraph } from "./capture";
import { Dataflow } from "./dataflow";
import { nameDimensions } from "./dimensions";
import type { NodeInfo } from "./nodeIndex";
import { ValueDevices } from "./valueDevices";

/** What is known of a node and its place in the computation. */
export interface NodeDetails extends NodeInfo {
  /** Signature of the operator, as PyTorch prints it; null for what no operator of libtorch makes. */
  readonly schema: string | null;
  /** Names of the dimensions, as far as shape and inputs tell: `["batch", "token", "hidden"]`. Null for a number. */
  readonly dims: string[] | null;
  readonly device: string;
  /** Nodes whose values it is computed from, in the order of its arguments. */
  readonly inputs: readonly string[];
  /** Nodes that are computed from it, in execution order. */
  readonly users: readonly string[];
  /** Other names that it goes by (TransformerLens'). */
  readonly aliases: readonly string[];
}

/** How the named nodes of a graph follow from each other. Made when it is first asked for. */
export class GraphDetails {
  readonly #captured: CapturedGraph;
  readonly #flow: Dataflow;
  readonly #inputs = new Map<string, readonly string[]>();
  readonly #users = new Map<string, string[]>();
  readonly #aliases = new Map<string, string[]>();
  readonly #devices: ValueDevices;
  readonly #schemas = new Map<string, string | null>();
  readonly #tokenCount: number | null;

  constructor(captured: CapturedGraph) {
    const { index, inputs } = captured;
    this.#captured = captured;
    this.#flow = new Dataflow(captured);
    this.#devices = new ValueDevices(captured);
    for (const name of index.infos.keys()) {
      const from = this.#sourcesOf(index.resolve(name).value);
      this.#inputs.set(name, from);
      for (const source of from) add(this.#users, source, name);
    }
    for (const [alias, name] of index.aliases) add(this.#aliases, name, alias);
    this.#tokenCount =
      inputs.find(({ shape, dtype }) => shape.length === 2 && dtype === "int64")?.shape[1] ?? null;
  }

  /** @param info a node of this graph */
  details(info: NodeInfo): NodeDetails {
    const { name, shape, operator } = info;
    return {
      ...info,
      schema: this.#schema(operator),
      dims: shape && nameDimensions(shape, this.#tokenCount),
      device: this.#devices.of(this.#captured.index.resolve(name).value),
      inputs: this.#inputs.get(name) ?? [],
      users: this.#users.get(name) ?? [],
      aliases: this.#aliases.get(name) ?? [],
    };
  }

  /** The named nodes that a value is made from; values without a name are looked through. */
  #sourcesOf(value: number): string[] {
    const found = new Set<string>();
    const seen = new Set<number>([value]);
    const pending = [this.#flow.producer(value)];
    for (let node = pending.pop(); node; node = pending.pop()) {
      for (const ref of this.#flow.uses(node)) {
        if (seen.has(ref)) continue;
        seen.add(ref);
        const name = this.#flow.info(ref)?.name;
        const producer = this.#flow.producer(ref);
        if (name !== undefined) found.add(name);
        else if (producer) pending.push(producer);
      }
    }
    return [...found];
  }

  #schema(operator: string): string | null {
    let text = this.#schemas.get(operator);
    if (text !== undefined) return text;
    const [name, overload = ""] = operator.split(".");
    try {
      text = operator.includes("::") ? binding.schema(name, overload).text : null;
    } catch {
      // Operators written in TypeScript are not libtorch's.
      text = null;
    }
    this.#schemas.set(operator, text);
    return text;
  }
}

function add(map: Map<string, string[]>, key: string, item: string): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
