import { type OperatorImplementation, registeredOperator } from "../../dispatch/library";
import { GraphpatchError, UnknownOperatorError, UnsafeFileError, UnsupportedExportError } from "../../errors";
import { operatorRefusal } from "../../graph/operatorRule";
import type { ArchiveGraph, ArchiveNode } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { addHigherOrder } from "./higherOrder";
import { addJavascriptCall } from "./javascript";
import type { ModuleCalls } from "./moduleStack";
import { addCheck, addNumber } from "./numbers";
import { addOperator } from "./operators";
import type { Scope } from "./scope";
import { describeFrame, parseStackTrace } from "./stackTrace";
import { parseTarget } from "./target";

/**
 * Adds the nodes of the scope's graph. In-place operators become out-of-place ones, sub-graphs are written in the
 * place of the operators that take them.
 */
export function addGraph(builder: GraphBuilder, calls: ModuleCalls, scope: Scope): void {
  for (const node of scope.graph.nodes) {
    const frames = parseStackTrace(node.stackTrace);
    const hasModule = node.moduleStack !== "";
    const place = hasModule || frames.length > 0 ? { call: calls.find(node.moduleStack), frames } : {};
    builder.at(place, () => addNode(builder, calls, scope, node));
  }
}

function addNode(builder: GraphBuilder, calls: ModuleCalls, scope: Scope, node: ArchiveNode): void {
  const target = parseTarget(node.target);
  try {
    if (target.kind === "number") addNumber(builder, scope, node, target.operator);
    else if (target.kind === "higherOrder") {
      addHigherOrder(target.name, {
        builder,
        scope,
        node,
        addGraph: (inner) => addGraph(builder, calls, inner),
      });
    } else if (target.kind === "operator") {
      if (registeredOperator(target.operator)) {
        addJavascriptCall(builder, scope, node, target.operator);
        return;
      }
      if (addCheck(builder, scope, node, target.operator)) return;
      const schema = builder.schema(target.operator, target.overload);
      if (!schema) throw new UnknownOperatorError(`there is no operator ${node.target}`);
      addOperator(builder, scope, node, schema);
    } else {
      throw new UnsupportedExportError(
        `the graph calls ${node.target}, which is no operator${adviceFor(node.target)}`,
      );
    }
  } catch (error) {
    throw error instanceof GraphpatchError ? located(error, builder, node) : error;
  }
}

/** `torch.vmap` and its kin stand in a graph as calls of Python that decompositions take out. */
function adviceFor(target: string): string {
  if (!target.startsWith("torch._functorch.")) return "";
  return ": it comes from torch.vmap or another transform of torch.func. Run ep = ep.run_decompositions() before saving the archive";
}

/** The error with the node and source line it is about; inner ones have them already. */
function located(error: GraphpatchError, builder: GraphBuilder, node: ArchiveNode): GraphpatchError {
  if (error.message.includes("\n")) return error;
  const { call, frames } = builder.place;
  const where = [node.name || node.target, call.path === "" ? "" : `in ${call.path}`]
    .filter(Boolean)
    .join(" ");
  const line = describeFrame(frames);
  const Class = error.constructor as new (message: string) => GraphpatchError;
  return new Class(`${error.message}\n  at ${where}${line ? `, ${line}` : ""}`);
}

/**
 * Refuses a graph before anything is built, if it calls operators that a file must not call, or that nobody knows.
 * @returns the operators it calls that are written in TypeScript.
 */
export function checkOperators(
  builder: GraphBuilder,
  graph: ArchiveGraph,
): ReadonlyMap<string, OperatorImplementation> {
  const registered = new Map<string, OperatorImplementation>();
  const unknown = new Set<string>();
  for (const node of allNodes(graph)) {
    const target = parseTarget(node.target);
    if (target.kind !== "operator") continue;
    const { operator, overload } = target;
    const implementation = registeredOperator(operator);
    if (implementation) {
      registered.set(operator, implementation);
      continue;
    }
    const name = overload === "" ? operator : `${operator}.${overload}`;
    if (builder.schema(operator, overload) === null) unknown.add(name);
  }
  if (unknown.size > 0) {
    throw new UnknownOperatorError(
      `the exported model calls operators that libtorch does not have, from Python packages or a newer PyTorch: ${[...unknown].join(", ")}. Give each a TypeScript implementation before loading: torch.library.register("${[...unknown][0].split(".")[0]}", (…) => …)`,
    );
  }
  return registered;
}

/**
 * Refuses operators that a file must not call; those that the archive's in-place operators have become are looked at.
 * @throws UnsafeFileError listing them and why.
 */
export function checkRefusals(builder: GraphBuilder, path: string): void {
  const refused = new Map<string, string>();
  for (const { type, operator, overload } of builder.nodes) {
    const reason = type === "operator" ? operatorRefusal(operator, overload) : null;
    if (reason !== null) refused.set(overload === "" ? operator : `${operator}.${overload}`, reason);
  }
  if (refused.size === 0) return;
  const list = [...refused].map(([name, reason]) => `${name} (${reason})`).join(", ");
  throw new UnsafeFileError(`${path} calls operators that no file may call: ${list}`);
}

function* allNodes(graph: ArchiveGraph): Generator<ArchiveNode> {
  for (const node of graph.nodes) {
    yield node;
    for (const { argument } of node.inputs) {
      if (argument.kind === "graph") yield* allNodes(argument.graph);
    }
  }
}
