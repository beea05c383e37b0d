import { CorruptFileError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { ArchiveGraph, ArchiveNode, Argument } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { Cell } from "./cells";
import { type Binding, Scope } from "./scope";

/** Adds the nodes of a graph of the archive. */
export type AddGraph = (scope: Scope) => void;

/** A node that takes graphs, where it stands. */
export interface HigherOrderNode {
  builder: GraphBuilder;
  scope: Scope;
  node: ArchiveNode;
  addGraph: AddGraph;
}

/** The graph among the node's arguments. */
export function graphAt({ node }: HigherOrderNode, position: number): ArchiveGraph {
  const argument = node.inputs[position]?.argument;
  if (argument?.kind !== "graph")
    throw new CorruptFileError(`${node.target}: argument ${position} must be a graph`);
  return argument.graph;
}

/** The tensors and numbers among arguments: a list of them, or each its own argument. */
export function bindingsOf(scope: Scope, args: readonly Argument[]): Binding[] {
  return args
    .flatMap((argument): Argument[] => (argument.kind === "list" ? argument.items : [argument]))
    .map((argument) => (argument.kind === "value" ? scope.lookUp(argument.name) : scope.argument(argument)));
}

/** Adds the nodes of a sub-graph on `operands`, and gives what it returns. */
export function inline(
  { addGraph }: HigherOrderNode,
  graph: ArchiveGraph,
  operands: readonly Binding[],
): Binding[] {
  const inner = new Scope(graph);
  let next = 0;
  for (const input of graph.inputs) {
    const operand = operands[next++];
    if (operand === undefined) throw new CorruptFileError("a sub-graph has more inputs than it is given");
    if (input.kind === "value") inner.bind(input.name, operand);
  }
  addGraph(inner);
  return bindingsOf(inner, graph.outputs);
}

/** All outputs, those of a list one by one. */
export function outputsOf(node: ArchiveNode): Argument[] {
  return node.outputs.flatMap((output): Argument[] => (output.kind === "list" ? output.items : [output]));
}

/** Gives the node's outputs what they stand for from now on. */
export function bindResults({ scope, node }: HigherOrderNode, results: readonly Binding[]): void {
  outputsOf(node).forEach((output, i) => {
    if (output.kind === "value" && results[i] !== undefined) scope.bind(output.name, results[i]);
  });
}

/** The value of a binding, in the graph as it is now. */
export function currentValue(binding: Binding): ArgumentSpec {
  return binding instanceof Cell ? { ref: binding.read() } : binding;
}
