import { CorruptFileError, UnsupportedExportError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { ArchiveGraph, Argument, ConstantArgument, TensorMeta, ValueArgument } from "../archive/schema";
import { Cell } from "./cells";

/** What a name of the archive stands for: a tensor, or a number. */
export type Binding = Cell | ArgumentSpec;

/** The names of one graph of the archive; a sub-graph has its own. */
export class Scope {
  readonly #bindings = new Map<string, Binding>();

  constructor(readonly graph: ArchiveGraph) {}

  bind(name: string, binding: Binding): void {
    this.#bindings.set(name, binding);
  }

  find(name: string): Binding | undefined {
    return this.#bindings.get(name);
  }

  lookUp(name: string): Binding {
    const binding = this.#bindings.get(name);
    if (!binding) throw new CorruptFileError(`the archive's graph uses "${name}" before it is made`);
    return binding;
  }

  /** The tensor of that name; null if the name is a number's. */
  cell(name: string): Cell | null {
    const binding = this.lookUp(name);
    return binding instanceof Cell ? binding : null;
  }

  /** All names that stand for `from` stand for `to` from now on. */
  rebind(from: Cell, to: Cell): void {
    for (const [name, binding] of this.#bindings) {
      if (binding === from) this.#bindings.set(name, to);
    }
  }

  /** Shape and dtype of a tensor; null for a number. */
  meta(name: string): TensorMeta | null {
    return this.graph.tensors.get(name) ?? null;
  }

  /** What a node receives. @throws UnsupportedExportError for arguments of a kind that nothing here runs. */
  argument(argument: Argument): ArgumentSpec {
    switch (argument.kind) {
      case "value":
      case "constant":
        return this.#item(argument);
      case "list":
        return { list: argument.items.map((item) => this.#item(item)) };
      case "complex":
        throw new UnsupportedExportError("an operator takes a complex number, which graphs here cannot hold");
      case "graph":
        throw new UnsupportedExportError("an operator that takes a graph");
      case "unsupported":
        throw new UnsupportedExportError(`an operator takes ${argument.what}, which graphs here cannot hold`);
    }
  }

  #item(
    argument: ValueArgument | ConstantArgument,
  ): { ref: number } | { constant: unknown; isFloat?: boolean } {
    if (argument.kind === "constant") {
      return argument.isFloat ? { constant: argument.value, isFloat: true } : { constant: argument.value };
    }
    const binding = this.lookUp(argument.name);
    if (binding instanceof Cell) return { ref: binding.read() };
    if ("list" in binding)
      throw new CorruptFileError(`"${argument.name}" is a list where one value is needed`);
    return binding;
  }
}
