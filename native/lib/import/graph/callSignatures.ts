import type { ModuleCall } from "../../graph/trace";
import { placeLeaves, readPyTree } from "../archive/pytree";
import type { Argument, ExportedProgram, ModuleSignature, ValueArgument } from "../archive/schema";
import type { Alias, Boundaries } from "./boundaries";
import type { GraphBuilder } from "./builder";
import { outwards } from "./callTree";
import { Cell } from "./cells";
import type { ModuleCalls } from "./moduleStack";
import type { Scope } from "./scope";

/** A leaf of what a module receives or returns, and its name. */
interface NamedLeaf {
  local: string | null;
  part: string;
  value: string;
}

function isValue(argument: Argument): argument is ValueArgument {
  return argument.kind === "value";
}

/**
 * Calling conventions of modules that were exported with `preserve_module_call_signature`: what went in and out, under
 * which names, in which containers.
 */
export class CallSignatures {
  constructor(
    private readonly program: ExportedProgram,
    private readonly calls: ModuleCalls,
    private readonly scope: Scope,
  ) {}

  /** Outputs that nothing in the graph uses have names, too: attention's pattern. */
  addUnusedOutputs(builder: GraphBuilder, boundaries: Boundaries): void {
    const called = new Set(builder.nodes.map(({ call }) => call));
    for (const call of called) {
      for (let outer: ModuleCall | null = call; outer?.parent; outer = outer.parent) {
        for (const { value } of this.#outputs(outer) ?? []) {
          const made = [...(this.#history(value) ?? [])].filter((one) => isMadeIn(builder, one, outer));
          const returned = made.at(-1);
          if (returned !== undefined) boundaries.addUnusedOutput(returned, outer);
        }
      }
    }
  }

  /** Names the aliases of one call that its signature knows; gives the others back. */
  nameArguments(call: ModuleCall, aliases: readonly Alias[], originOf: (alias: Alias) => number): Alias[] {
    return this.#match(this.#inputs(call), aliases, originOf);
  }

  nameOutputs(call: ModuleCall, aliases: readonly Alias[], originOf: (alias: Alias) => number): Alias[] {
    return this.#match(this.#outputs(call), aliases, originOf);
  }

  #match(leaves: NamedLeaf[] | null, aliases: readonly Alias[], originOf: (alias: Alias) => number): Alias[] {
    if (!leaves) return [...aliases];
    return aliases.filter((alias) => {
      const index = leaves.findIndex(({ value }) => this.#history(value)?.has(originOf(alias)));
      if (index < 0) return true;
      const { local, part } = leaves[index];
      Object.assign(alias, { part, order: index });
      if (local === null) return true;
      alias.local = local;
      alias.call.reserved.add(local);
      return false;
    });
  }

  #history(name: string): ReadonlySet<number> | null {
    const binding = this.scope.find(name);
    return binding instanceof Cell ? binding.history : null;
  }

  #signature(call: ModuleCall): ModuleSignature | undefined {
    return this.program.moduleCalls.get(this.calls.keyOf(call));
  }

  #inputs(call: ModuleCall): NamedLeaf[] | null {
    const signature = this.#signature(call);
    if (!signature) return null;
    const leaves = this.#leaves(signature.inputTree, signature.inputs);
    return (
      leaves?.map(({ path, leaf }) => {
        // The tree is a tuple of the positional arguments and a dictionary of the named ones.
        const [kind, first, ...rest] = path.split(".");
        const local =
          kind === "sub_1" ? first : (signature.argumentNames?.[Number(first.slice("sub_".length))] ?? null);
        return { local, part: rest.join("."), value: leaf.name };
      }) ?? null
    );
  }

  #outputs(call: ModuleCall): NamedLeaf[] | null {
    const signature = this.#signature(call);
    if (!signature) return null;
    const leaves = this.#leaves(signature.outputTree, signature.outputs);
    return leaves?.map(({ path, leaf }) => ({ local: "output", part: path, value: leaf.name })) ?? null;
  }

  #leaves(tree: string, leaves: readonly Argument[]) {
    const parsed = readPyTree(tree, "a module's calling convention", this.program.namedTuples);
    return placeLeaves(parsed, leaves, isValue, () => null).values;
  }
}

function isMadeIn(builder: GraphBuilder, value: number, call: ModuleCall): boolean {
  const home = builder.values[value].call;
  return home !== null && [...outwards(home)].includes(call);
}
