import { ArgumentError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** Modules by index (`h.0`, `h.1`, …). It is not called itself. */
export class ModuleList<M extends Module = Module> extends Module implements Iterable<M> {
  readonly #modules: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    this.#modules = [...modules];
  }

  get length(): number {
    return this.#modules.length;
  }

  /** The module at `index`; negative ones count from the end. */
  at(index: number): M {
    const module = this.#modules.at(index);
    if (!module) throw new ArgumentError(`no module ${index} in a ModuleList of ${this.length}`);
    return module;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#modules[Symbol.iterator]();
  }

  override *namedChildren(): Generator<[string, Module]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
  }

  forward(): never {
    throw new ArgumentError("a ModuleList is not called; call its modules");
  }
}

/** Modules by name. It is not called itself. */
export class ModuleDict<M extends Module = Module> extends Module {
  readonly #modules: Map<string, M>;

  constructor(modules: Record<string, M> = {}) {
    super();
    this.#modules = new Map(Object.entries(modules));
  }

  get(name: string): M {
    const module = this.#modules.get(name);
    if (!module)
      throw new ArgumentError(
        `no module "${name}" in this ModuleDict; it has ${[...this.#modules.keys()].join(", ")}`,
      );
    return module;
  }

  override *namedChildren(): Generator<[string, Module]> {
    yield* this.#modules;
  }

  forward(): never {
    throw new ArgumentError("a ModuleDict is not called; call its modules");
  }
}

type TensorModule = Module & { forward(input: Tensor): Tensor };

/** Modules one after the other. */
export class Sequential extends Module {
  readonly #modules: TensorModule[];

  constructor(...modules: TensorModule[]) {
    super();
    this.#modules = modules;
  }

  override *namedChildren(): Generator<[string, Module]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
  }

  forward(input: Tensor): Tensor {
    return this.#modules.reduce((value, module) => module.call(value), input);
  }
}
