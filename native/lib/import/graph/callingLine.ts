import type { ModuleCall } from "../../graph/trace";
import { framesOf } from "./callFrames";
import { isWithin } from "./callTree";
import { type PlacedTarget, placedTargets, type Target, targetsOf, variablesOf } from "./codeNames";
import type { IrNode } from "./ir";
import type { UsingLine } from "./lineEvidence";
import { readLine, variablesIn } from "./pythonLine";

/** The variables that a call's result is unpacked into, and those whose parts have names of their own (`out[1]`). */
export interface Variables {
  targets: readonly PlacedTarget[];
  containers: ReadonlySet<string>;
}

/** The line that calls a module: in its caller's forward, or in a function that this calls. */
export interface CallingLine {
  target: Target;
  /** Frames from the caller's forward to it. */
  depth: number;
  function: string;
  /** A module of a list, by the name of a variable. */
  isVariable: boolean;
}

/** Null where a line does not tell apart what is used: of a layer in a loop, one output is the whole. */
export function variablesOfLine(
  { target, isVariable }: CallingLine,
  count: number,
  lines: readonly UsingLine[],
): Variables | null {
  if (typeof target === "string") return count > 1 ? partsOf(target, count, lines) : null;
  return isVariable && count < 2 ? null : { targets: placedTargets(target), containers: new Set() };
}

/** The parts of a variable that lines read (`out[0]`, `out.logits`); null where they are fewer than the outputs. */
function partsOf(variable: string, count: number, lines: readonly UsingLine[]): Variables | null {
  const containers = new Set([variable]);
  const read = lines.flatMap(({ code }) =>
    (readLine(code, containers)?.operations ?? []).flatMap(variablesIn),
  );
  const parts = [...new Set(read.filter((name) => name.startsWith(`${variable}|`)))];
  if (parts.length < count) return null;
  return { targets: parts.map((name) => ({ name, path: name.slice(variable.length + 1) })), containers };
}

/** Where the caller assigns the result of a call, and to what; null where that cannot be told. */
export function callingLine(
  call: ModuleCall,
  caller: ModuleCall,
  own: readonly IrNode[],
): CallingLine | null {
  const attribute = call.path.split(".").at(-1) ?? "";
  // A node's frames may not show the caller (`super().forward(x)` is one forward more): the next one's do.
  for (const node of own) {
    const frames = framesOf(node, caller);
    const inner = framesOf(node, call).length;
    const depth = inner > 0 ? frames.length - inner - 1 : 0;
    const frame = frames[depth];
    // A module of a list is called by a variable's name.
    const name = inner > 0 && /^\d+$/.test(attribute) ? null : attribute;
    for (const code of frame?.code.split("; ") ?? []) {
      const target = targetsOf(code, name);
      if (target !== null) return { target, depth, function: frame.function, isVariable: name === null };
    }
  }
  return null;
}

/** The variables that the line of a node reads in the function in which a module was called. */
function readAt(node: IrNode, caller: ModuleCall, line: CallingLine): string[] {
  const frame = framesOf(node, caller)[line.depth];
  return frame?.function === line.function ? variablesOf(frame.code) : [];
}

/**
 * Whether the caller's line gives the result a name that later lines read. What nothing uses in the call is not its result, then: it
 * returns something that it was given.
 * @param first index of the call's first node
 */
export function isResultRead(call: ModuleCall, nodes: readonly IrNode[], first: number): boolean {
  const { parent } = call;
  if (!parent) return true;
  const own = nodesWithin(call, nodes, first);
  const line = callingLine(call, parent, own);
  const target = line?.target;
  return (
    line !== null &&
    typeof target === "string" &&
    nodesWithin(parent, nodes, first + own.length).some((node) => readAt(node, parent, line).includes(target))
  );
}

/** The nodes of a call. @param first index of the first of them */
export function nodesWithin(call: ModuleCall, nodes: readonly IrNode[], first: number): IrNode[] {
  let end = first;
  while (end < nodes.length && isWithin(nodes[end].call, call)) end++;
  return nodes.slice(first, end);
}
