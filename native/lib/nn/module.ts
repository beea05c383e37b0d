import { ArgumentError, ShapeError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import { formatModule } from "./format";
import { getModuleCallInterceptor } from "./moduleCalls";
import type { Parametrization } from "./parametrization";

/** What stands around a module's forward: it may change the arguments before and the result after. */
export type ForwardWrapper = (args: unknown[], forward: (args: unknown[]) => unknown) => unknown;

/** What {@link Module.loadStateDict} found to differ. */
export interface LoadReport {
  /** Parameters and buffers of the module that the dictionary lacks. */
  missing: string[];
  /** Names in the dictionary that the module lacks. */
  unexpected: string[];
}

function samePlaces(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/**
 * Base of all models and layers, as PyTorch's `torch.nn.Module`. Fields that are modules are its children; parameters
 * and buffers are registered. Children are called with `.call(…)`, never with `.forward(…)`, so that a capture sees
 * where a value was made.
 *
 * @example
 * class Block extends Module {
 *   readonly proj = new Linear(8, 8);
 *   forward(hidden_states: Tensor): Tensor {
 *     return hidden_states.add(this.proj.call(hidden_states));
 *   }
 * }
 */
export abstract class Module {
  readonly #parameters = new Map<string, Tensor | null>();
  readonly #buffers = new Map<string, { tensor: Tensor | null; persistent: boolean }>();
  readonly #parametrizations = new Map<string, Parametrization>();
  #wrapper: ForwardWrapper | null = null;

  /** The computation. Its parameters' names become the names of the module's argument nodes. */
  abstract forward(...args: never[]): unknown;

  /** Runs the module: what `module(x)` is in Python. */
  call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    const interceptor = getModuleCallInterceptor();
    const result = interceptor ? interceptor(this, args) : this.invoke(args);
    return result as ReturnType<this["forward"]>;
  }

  /** The forward and what stands around it: what a call runs. */
  invoke(args: readonly unknown[]): unknown {
    const forward = (given: readonly unknown[]): unknown => this.forward(...(given as never[]));
    return this.#wrapper ? this.#wrapper([...args], forward) : forward(args);
  }

  /** Puts `wrapper` around the forward, in place of an earlier one; null takes it away. */
  wrapForward(wrapper: ForwardWrapper | null): void {
    this.#wrapper = wrapper;
  }

  /** Makes `tensor` a parameter, seen as `this.<name>`. A field of that name should be declared, not initialised. */
  registerParameter(name: string, tensor: Tensor | null): void {
    this.#parametrizations.delete(name);
    this.#parameters.set(name, tensor);
    this.#expose(name, tensor);
  }

  /** Makes `tensor` a buffer, seen as `this.<name>`; one that is not persistent is left out of the state dictionary. */
  registerBuffer(name: string, tensor: Tensor | null, persistent = true): void {
    this.#buffers.set(name, { tensor, persistent });
    this.#expose(name, tensor);
  }

  /** Takes the place of the parameter `name`: `this.<name>` is computed by `parametrization` at each use from now on. */
  registerParametrization(name: string, parametrization: Parametrization): void {
    this.#parameters.delete(name);
    this.#parametrizations.set(name, parametrization);
    Object.defineProperty(this, name, {
      get: () => parametrization.call(),
      configurable: true,
      enumerable: false,
    });
  }

  /** What computes the parameter `name`; null for a plain one. */
  parametrization(name: string): Parametrization | null {
    return this.#parametrizations.get(name) ?? null;
  }

  #expose(name: string, tensor: Tensor | null): void {
    Object.defineProperty(this, name, {
      value: tensor,
      configurable: true,
      enumerable: false,
      writable: false,
    });
  }

  /** Children by name, in the order they were assigned; what computes parameters comes last, under their names. */
  *namedChildren(): Generator<[string, Module]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Module) yield [name, value];
    }
    yield* this.#parametrizations;
  }

  /** This module ("") and all below it, each once, by dotted path (`transformer.h.0.mlp`). */
  *namedModules(prefix = "", seen: Set<Module> = new Set()): Generator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) {
      yield* child.namedModules(prefix === "" ? name : `${prefix}.${name}`, seen);
    }
  }

  /** Puts `replace(buffer)` in the place of each buffer of this module alone. */
  replaceBuffers(replace: (buffer: Tensor) => Tensor): void {
    for (const [name, { tensor, persistent }] of this.#buffers) {
      if (tensor !== null) this.registerBuffer(name, replace(tensor), persistent);
    }
  }

  /** Parameters of this module alone. */
  *ownParameters(): Generator<[string, Tensor]> {
    for (const [name, tensor] of this.#parameters) if (tensor !== null) yield [name, tensor];
  }

  /** Buffers of this module alone. */
  *ownBuffers(): Generator<[string, Tensor]> {
    for (const [name, { tensor }] of this.#buffers) if (tensor !== null) yield [name, tensor];
  }

  /** All parameters by dotted path; one that several modules share (tied weights) comes once. */
  *namedParameters(): Generator<[string, Tensor]> {
    const seen = new Set<Tensor>();
    for (const [path, tensor] of this.#walk((module) => module.ownParameters())) {
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      yield [path, tensor];
    }
  }

  /** All buffers by dotted path. */
  *namedBuffers(): Generator<[string, Tensor]> {
    yield* this.#walk((module) => module.ownBuffers());
  }

  *parameters(): Generator<Tensor> {
    for (const [, tensor] of this.namedParameters()) yield tensor;
  }

  *#walk(own: (module: Module) => Iterable<[string, Tensor]>): Generator<[string, Tensor]> {
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, tensor] of own(module)) yield [prefix === "" ? name : `${prefix}.${name}`, tensor];
    }
  }

  /** Parameters and persistent buffers by dotted path; tied ones under each of their names. */
  stateDict(): Map<string, Tensor> {
    return new Map(
      this.#walk(function* (module) {
        yield* module.ownParameters();
        for (const [name, { tensor, persistent }] of module.#buffers)
          if (persistent && tensor) yield [name, tensor];
      }),
    );
  }

  /**
   * Takes the tensors of `dictionary` as parameters and buffers, without copying. A tied parameter that is given by one of its names is
   * given for all of them; given by each, it is tied no more unless they are one tensor.
   * @throws ShapeError naming the first parameter whose shape differs; nothing is changed then.
   * @throws ArgumentError listing missing and unexpected names, unless `strict` is false; nothing is changed then.
   */
  loadStateDict(dictionary: Map<string, Tensor>, options: { strict?: boolean } = {}): LoadReport {
    const own = this.stateDict();
    /** What takes the place of each tensor. */
    const successors = new Map<Tensor, Tensor>();
    for (const [name, tensor] of dictionary) {
      const current = own.get(name);
      if (current && !successors.has(current)) successors.set(current, tensor);
    }
    const report: LoadReport = {
      missing: [...own].filter(([, tensor]) => !successors.has(tensor)).map(([name]) => name),
      unexpected: [...dictionary.keys()].filter((name) => !own.has(name)),
    };
    if ((options.strict ?? true) && report.missing.length + report.unexpected.length > 0) {
      throw new ArgumentError(
        `the state dictionary does not fit ${this.constructor.name}: missing [${report.missing.join(", ")}], unexpected [${report.unexpected.join(", ")}]`,
      );
    }
    for (const [name, tensor] of dictionary) {
      const current = own.get(name);
      if (current && !samePlaces(current.shape, tensor.shape)) {
        throw new ShapeError(
          `${name}: the state dictionary has shape [${tensor.shape.join(", ")}], ${this.constructor.name} expects [${current.shape.join(", ")}]`,
        );
      }
    }
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, current] of [...module.ownParameters(), ...module.ownBuffers()]) {
        const given = dictionary.get(prefix === "" ? name : `${prefix}.${name}`) ?? successors.get(current);
        if (given) module.#assign(name, given);
      }
    }
    return report;
  }

  #assign(name: string, tensor: Tensor): void {
    const buffer = this.#buffers.get(name);
    if (buffer) this.registerBuffer(name, tensor, buffer.persistent);
    else this.registerParameter(name, tensor);
  }

  /** Turns gradients of all parameters on or off. */
  requires_grad_(on = true): this {
    for (const tensor of this.parameters()) tensor.requires_grad = on;
    return this;
  }

  toString(): string {
    return formatModule(this);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
