import { CaptureError } from "../errors";
import type { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import type { ModuleCall } from "./trace";

/** A module that holds a tensor as its parameter or buffer; tied weights have several owners. */
export interface TensorOwner {
  module: Module;
  path: string;
  name: string;
  kind: "parameter" | "buffer";
}

/** `LlamaMLP (model.layers.3.mlp)`, for messages. */
export function describeModule(call: ModuleCall): string {
  return `${call.type} (${call.path === "" ? "the root module" : call.path})`;
}

/** Where the modules of a model are, and whose each parameter is. */
export class ModuleIndex {
  readonly #pathOf = new Map<Module, string>();
  readonly #owners = new Map<Tensor, TensorOwner[]>();

  constructor(model: Module) {
    for (const [path, module] of model.namedModules()) {
      this.#pathOf.set(module, path);
      for (const [name, tensor] of module.ownParameters())
        this.#own(tensor, { module, path, name, kind: "parameter" });
      for (const [name, tensor] of module.ownBuffers())
        this.#own(tensor, { module, path, name, kind: "buffer" });
    }
  }

  /** All parameters and buffers with their modules, tied ones under each of their names. */
  *owned(): Generator<[Tensor, TensorOwner]> {
    for (const [tensor, owners] of this.#owners) for (const owner of owners) yield [tensor, owner];
  }

  #own(tensor: Tensor, owner: TensorOwner): void {
    const owners = this.#owners.get(tensor);
    if (owners) owners.push(owner);
    else this.#owners.set(tensor, [owner]);
  }

  /** A call of `module` by `parent`. @throws CaptureError when it is not one of the model's modules. */
  newCall(module: Module, parent: ModuleCall<Module> | null): ModuleCall<Module> {
    const path = this.#pathOf.get(module);
    if (path === undefined) {
      throw new CaptureError(
        `${module.constructor.name} is called in ${parent ? describeModule(parent) : "the model"} but is not one of the model's modules; make it a field of the module that calls it`,
      );
    }
    const own = [...module.ownParameters(), ...module.ownBuffers(), ...module.namedChildren()];
    const reserved = new Set(["output", ...own.map(([name]) => name)]);
    const type = module.constructor.name;
    const call: ModuleCall<Module> = { module, type, path, parent, children: [], reserved };
    parent?.children.push(call);
    return call;
  }

  /** Name of a parameter or buffer in the state dictionary, the first of a tied one; null for other tensors. */
  stateDictName(tensor: Tensor): string | null {
    const owner = this.#owners.get(tensor)?.[0];
    if (!owner) return null;
    return owner.path === "" ? owner.name : `${owner.path}.${owner.name}`;
  }

  /**
   * Through which module `tensor` is used inside `call`: the innermost active one that has it, so that the uses of a
   * tied weight are told apart. `active` is null when its module is not being called, `owner` when it is nobody's.
   */
  ownerOf(
    tensor: Tensor,
    call: ModuleCall<Module>,
  ): { owner: TensorOwner | null; active: ModuleCall<Module> | null } {
    const owners = this.#owners.get(tensor) ?? [];
    for (let active: ModuleCall<Module> | null = call; active; active = active.parent) {
      const { module } = active;
      const owner = owners.find((candidate) => candidate.module === module);
      if (owner) return { owner, active };
    }
    return { owner: owners[0] ?? null, active: null };
  }
}
