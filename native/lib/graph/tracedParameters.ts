import type { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import type { ModuleIndex, TensorOwner } from "./moduleIndex";
import type { ModuleCall, Trace } from "./trace";
import type { TraceRecord } from "./traceRecord";

function fullPath({ path, name }: TensorOwner): string {
  return path === "" ? name : `${path}.${name}`;
}

/**
 * The tensors that a trace did not compute: parameters, buffers and constants. Each is one constant of the graph, and a
 * node of each call that uses it, so that patching one use leaves the others alone.
 */
export class TracedParameters {
  readonly #constantOf = new Map<Tensor, number>();
  readonly #valueOf = new Map<string, number>();
  /** Full paths of the parameters and buffers that were used. */
  readonly #used = new Set<string>();
  readonly #callIds = new Map<ModuleCall<Module>, number>();

  constructor(
    private readonly record: TraceRecord,
    private readonly modules: ModuleIndex,
  ) {}

  /** The value of `tensor` as `call` uses it. */
  valueIn(call: ModuleCall<Module>, tensor: Tensor): number {
    const { owner, active } = this.modules.ownerOf(tensor, call);
    const user = active ? this.#idOf(active) : owner ? owner.path : this.#idOf(call);
    const key = `${user} ${owner?.name ?? "constant"} ${this.#constant(tensor)}`;
    const known = this.#valueOf.get(key);
    if (known !== undefined) return known;
    const value = this.record.newValue(null);
    this.#valueOf.set(key, value);
    if (owner) this.#used.add(fullPath(owner));
    const kind = owner?.kind ?? "buffer";
    this.record.addNode({
      kind,
      call: active ?? call,
      local: owner?.name ?? "constant",
      absolute: owner && !active ? fullPath(owner) : undefined,
      part: "",
      value,
      of: tensor,
      operator: owner ? kind : "constant",
      spec: this.#alias(tensor, value),
    });
    return value;
  }

  /** Parameters and buffers that the forward did not use are nodes, too: that nothing depends on them is worth seeing. */
  addUnused(call: ModuleCall<Module>): void {
    for (const [tensor, owner] of this.modules.owned()) {
      const absolute = fullPath(owner);
      if (this.#used.has(absolute)) continue;
      const { kind, name: local } = owner;
      const value = this.record.newValue(null);
      const spec = this.#alias(tensor, value);
      this.record.addNode({ kind, call, local, absolute, part: "", value, of: tensor, operator: kind, spec });
    }
  }

  constants(): Trace["constants"] {
    return [...this.#constantOf].map(([tensor, value]) => ({
      value,
      tensor,
      name: this.modules.stateDictName(tensor),
    }));
  }

  #alias(tensor: Tensor, value: number) {
    return this.record.addSpec("alias", "", "", [{ ref: this.#constant(tensor) }], [value]);
  }

  #constant(tensor: Tensor): number {
    let value = this.#constantOf.get(tensor);
    if (value === undefined) {
      value = this.record.newValue(null);
      this.#constantOf.set(tensor, value);
    }
    return value;
  }

  /** Never a module's path. */
  #idOf(call: ModuleCall<Module>): string {
    let id = this.#callIds.get(call);
    if (id === undefined) {
      id = this.#callIds.size;
      this.#callIds.set(call, id);
    }
    return `#${id}`;
  }
}
