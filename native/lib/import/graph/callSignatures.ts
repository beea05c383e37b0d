import type { ModuleCall } from "../../graph/trace";
import { countLeaves, placeLeaves, readPyTree } from "../archive/pytree";
import type { Argument, ExportedProgram, ModuleSignature } from "../archive/schema";
import type { Alias, Boundaries } from "./boundaries";
import type { GraphBuilder } from "./builder";
import { outwards } from "./callTree";
import { Cell } from "./cells";
import type { ModuleCalls } from "./moduleStack";
import type { Binding, Scope } from "./scope";
import type { TracedCall } from "./tracePoint";

/** A leaf of what a module receives or returns, and its name. */
interface NamedLeaf {
  local: string | null;
  part: string;
  cell: Cell;
}

function isCell(leaf: Cell | null): leaf is Cell {
  return leaf !== null;
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
    private readonly traced: ReadonlyMap<ModuleCall, TracedCall>,
  ) {}

  /** Outputs that nothing in the graph uses have names, too: attention's pattern. */
  addUnusedOutputs(builder: GraphBuilder, boundaries: Boundaries): void {
    const called = new Set(builder.nodes.map(({ call }) => call));
    for (const call of called) {
      for (let outer: ModuleCall | null = call; outer?.parent; outer = outer.parent) {
        for (const { cell } of this.#outputs(outer) ?? []) {
          const made = [...cell.history].filter((one) => isMadeIn(builder, one, outer));
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
      const index = leaves.findIndex(({ cell }) => cell.history.has(originOf(alias)));
      if (index < 0) return true;
      const { local, part } = leaves[index];
      Object.assign(alias, { part, order: index });
      if (local === null) return true;
      alias.local = local;
      alias.call.reserved.add(local);
      return false;
    });
  }

  #signature(call: ModuleCall): ModuleSignature | undefined {
    return this.program.moduleCalls.get(this.calls.keyOf(call));
  }

  #inputs(call: ModuleCall): NamedLeaf[] | null {
    const signature = this.#signature(call);
    const given = signature && this.#cells(signature.inputs, this.traced.get(call)?.inputs);
    if (!signature || !given) return null;
    return this.#leaves(signature.inputTree, given).map(({ path, leaf }) => {
      // The tree is a tuple of the positional arguments and a dictionary of the named ones.
      const [kind, first, ...rest] = path.split(".");
      const local =
        kind === "sub_1" ? first : (signature.argumentNames?.[Number(first.slice("sub_".length))] ?? null);
      return { local, part: rest.join("."), cell: leaf };
    });
  }

  #outputs(call: ModuleCall): NamedLeaf[] | null {
    const signature = this.#signature(call);
    const given = signature && this.#cells(signature.outputs, this.traced.get(call)?.outputs);
    if (!signature || !given) return null;
    return this.#leaves(signature.outputTree, given).map(({ path, leaf }) => ({
      local: "output",
      part: path,
      cell: leaf,
    }));
  }

  /** Of a call inside of a sub-graph, the signature has only the trees: what goes through its trace points is in `traced`. */
  #cells(args: readonly Argument[], traced: readonly Binding[] | undefined): (Cell | null)[] | null {
    const bindings = args.length > 0 ? args.map((argument) => this.#binding(argument)) : traced;
    return bindings?.map((binding) => (binding instanceof Cell ? binding : null)) ?? null;
  }

  #binding(argument: Argument): Binding | undefined {
    return argument.kind === "value" ? this.scope.find(argument.name) : undefined;
  }

  #leaves(tree: string, leaves: readonly (Cell | null)[]) {
    const parsed = readPyTree(tree, "a module's calling convention", this.program.namedTuples);
    if (countLeaves(parsed) !== leaves.length) return [];
    return placeLeaves(parsed, leaves, isCell, () => null).values;
  }
}

function isMadeIn(builder: GraphBuilder, value: number, call: ModuleCall): boolean {
  const home = builder.values[value].call;
  return home !== null && [...outwards(home)].includes(call);
}
