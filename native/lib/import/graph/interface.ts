import { CorruptFileError, UnsupportedExportError } from "../../errors";
import type { Structure } from "../../graph/structure";
import { countLeaves, type PyTree, placeLeaves, readPyTree } from "../archive/pytree";
import type { Argument, ExportedProgram, InputSpec, ValueArgument } from "../archive/schema";
import type { ArchiveWeights } from "../archive/weights";
import type { Owner } from "./boundaries";
import type { GraphBuilder } from "./builder";
import { Cell } from "./cells";
import type { GraphEnd } from "./finish";
import { nodePath } from "./moduleStack";
import type { Scope } from "./scope";

type UserInput = InputSpec & { kind: "user" | "fixed" };
type GivenInput = UserInput & { kind: "user"; argument: ValueArgument };

/** How the exported model is called. */
export interface ModelInputs {
  ends: GraphEnd[];
  /** For each of the ends its sizes, or the number it is: fixed, or expressions. */
  sizes: (number | string)[][];
  /** Names of the forward's parameters, and what each takes. */
  parameters: string[];
  structure: Structure;
}

function isGiven(input: UserInput): input is GivenInput {
  return input.kind === "user" && input.argument.kind === "value";
}

function fixedValue(input: UserInput): unknown {
  if (input.kind === "fixed") return input.value;
  return input.argument.kind === "constant" ? input.argument.value : null;
}

/** Weights, buffers and constants become constants of the graph; tied ones become one. Gives the names of each. */
export function bindWeights(
  builder: GraphBuilder,
  scope: Scope,
  program: ExportedProgram,
  weights: ArchiveWeights,
): Map<number, Owner[]> {
  const values = new Map<unknown, { value: number; cell: Cell }>();
  const owners = new Map<number, Owner[]>();
  for (const input of program.inputs) {
    if (input.kind === "unsupported") {
      throw new UnsupportedExportError(
        `the exported model takes a ${input.what} (an object of a custom class, or an effect), which graphs here cannot hold`,
      );
    }
    if (input.kind === "user" || input.kind === "fixed") continue;
    const tensor = weights.read(input.target);
    const meta = scope.meta(input.value);
    if (!meta) throw new CorruptFileError(`nothing is known of the weight "${input.target}"`);
    let known = values.get(tensor);
    if (!known) {
      const value = builder.addConstant(tensor, meta, input.target);
      known = { value, cell: new Cell(builder, value) };
      values.set(tensor, known);
    }
    scope.bind(input.value, known.cell);
    const names = owners.get(known.value) ?? [];
    owners.set(known.value, names);
    names.push({ path: nodePath(input.target), kind: input.kind });
  }
  return owners;
}

/** What the caller of a run gives. */
export function bindInputs(builder: GraphBuilder, scope: Scope, program: ExportedProgram): ModelInputs {
  const given = program.inputs.filter(
    (input): input is UserInput => input.kind === "user" || input.kind === "fixed",
  );
  const signature = program.moduleCalls.get("");
  if (!signature) throw new CorruptFileError("the archive does not say how the model is called");
  const tree = readPyTree(signature.inputTree, "the model's inputs", program.namedTuples);
  if (countLeaves(tree) !== given.length) {
    throw new CorruptFileError(
      `the model takes ${given.length} inputs, but its signature has ${countLeaves(tree)}`,
    );
  }
  const { structure, values } = placeLeaves(tree, given, isGiven, fixedValue);
  const { names, items } = parametersOf(tree, structure, signature.argumentNames);
  const ends = values.map(({ path, leaf }): GraphEnd => {
    const { name } = leaf.argument;
    const meta = scope.meta(name);
    const value = builder.newValue({ call: builder.root, meta });
    scope.bind(name, meta ? new Cell(builder, value) : { ref: value });
    const [kind, first, ...rest] = path.split(".");
    const local = kind === "sub_1" ? first : names[Number(first.slice("sub_".length))];
    return { value, local, part: rest.join("."), meta };
  });
  const sizes = values.map(({ leaf }) => {
    const { name } = leaf.argument;
    const meta = scope.meta(name);
    const numbers = meta ? meta.sizes : [scope.graph.symbols.get(name) ?? 0];
    return numbers.map((number) => (typeof number === "number" ? number : number.expression));
  });
  return { ends, sizes, parameters: names, structure: { type: "tuple", items } };
}

/** The positional arguments and then the named ones, as one list. */
function parametersOf(
  tree: PyTree,
  structure: Structure,
  argumentNames: readonly string[] | null,
): { names: string[]; items: Structure[] } {
  if (tree.type !== "tuple" || structure.type !== "tuple")
    throw new CorruptFileError("the model's inputs are no call");
  const [positional, named] = structure.items;
  if (positional?.type !== "tuple") throw new CorruptFileError("the model's inputs are no call");
  const names = positional.items.map((_, i) => argumentNames?.[i] ?? `input_${i}`);
  const items = [...positional.items];
  if (named?.type === "dict") {
    for (const [name, item] of named.entries) {
      names.push(name);
      items.push(item);
    }
  }
  return { names, items };
}

/**
 * New values of buffers that a functional graph returns for writing back: they leave their module unseen, and are no
 * part of what it returns.
 */
export function releaseMutations(builder: GraphBuilder, scope: Scope, program: ExportedProgram): void {
  for (const output of program.outputs) {
    if (output.kind !== "mutation" || output.argument.kind !== "value") continue;
    const cell = scope.cell(output.argument.name);
    if (cell) builder.values[cell.read()].call = builder.root;
  }
}

function isValue(argument: Argument): argument is ValueArgument {
  return argument.kind === "value";
}

/** What the model returns. */
export function readOutputs(
  scope: Scope,
  program: ExportedProgram,
): { ends: GraphEnd[]; structure: Structure } {
  const returned = program.outputs.flatMap((output) => (output.kind === "user" ? [output.argument] : []));
  const signature = program.moduleCalls.get("");
  if (!signature) throw new CorruptFileError("the archive does not say what the model returns");
  const tree = readPyTree(signature.outputTree, "the model's outputs", program.namedTuples);
  if (countLeaves(tree) !== returned.length) {
    throw new CorruptFileError(
      `the model returns ${returned.length} values, but its signature has ${countLeaves(tree)}`,
    );
  }
  const plain = (argument: Argument) => (argument.kind === "constant" ? argument.value : null);
  const { structure, values } = placeLeaves(tree, returned, isValue, plain);
  const ends = values.map(({ path, leaf }): GraphEnd => {
    const spec = scope.argument(leaf);
    if (!("ref" in spec)) throw new CorruptFileError(`the output "${leaf.name}" is no value of the graph`);
    return { value: spec.ref, local: "output", part: path, meta: scope.meta(leaf.name) };
  });
  return { ends, structure };
}
