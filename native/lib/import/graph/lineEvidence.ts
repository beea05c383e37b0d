import type { ModuleCall } from "../../graph/trace";
import { framesOf } from "./callFrames";
import { variablesOf } from "./codeNames";
import { type Frame, type IrNode, usesOf } from "./ir";
import { type Operation, type PythonLine, readLine, variablesIn } from "./pythonLine";

/**
 * Which variable holds which value, from the lines that use them: a line's operators and calls run in the order in which Python
 * runs them, and so do the nodes that it made.
 */

/** The function in which values were assigned to variables. */
export interface Place {
  caller: ModuleCall;
  /** Frames from the caller's forward to it. */
  depth: number;
  function: string;
}

/** The nodes that one line made and that use some of the values, in order. */
export interface UsingLine {
  code: string;
  groups: Group[];
}

/** Values used together: in order by an operator that the line names, in an order of its own by what the line calls. */
interface Group {
  values: number[];
  isOrdered: boolean;
}

/** Those take their arguments in another order than the functions that call them. */
const REORDERED: ReadonlySet<string> = new Set(["aten::embedding", "aten::batch_norm"]);
const PYTORCH = /[\\/]torch[\\/](?:(?:nn[\\/])?functional|_tensor|_ops)\.py$/;

/**
 * The lines of a function that use values.
 * @param users the nodes that use any of them, in order, and what they use, under whatever names
 */
export function linesUsing(users: ReadonlyMap<IrNode, readonly number[]>, place: Place): UsingLine[] {
  const lines = new Map<string, UsingLine & { lastCall: ModuleCall | string | null }>();
  for (const [node, values] of users) {
    const frames = framesOf(node, place.caller);
    const frame = frames[place.depth];
    if (node.type === "number" || frame?.function !== place.function) continue;
    const key = `${frame.file}:${frame.line}`;
    const line = lines.get(key) ?? { code: frame.code, groups: [], lastCall: null };
    lines.set(key, line);
    const isOwn =
      node.call === place.caller && frames.slice(place.depth + 1).every(({ file }) => PYTORCH.test(file));
    const used = isOwn ? usesOf(node).filter((value) => values.includes(value)) : [...new Set(values)];
    const called = isOwn ? null : calledFrom(node, frames, place);
    const last = line.groups.at(-1);
    if (last && called !== null && called === line.lastCall) {
      last.values = [...new Set([...last.values, ...used])];
    } else {
      const isOrdered = isOwn && !REORDERED.has(node.operator);
      line.groups.push({ values: used, isOrdered });
    }
    line.lastCall = called;
  }
  return [...lines.values()];
}

/** What a line calls: a module, or a function by its name. */
function calledFrom(node: IrNode, frames: readonly Frame[], { caller, depth }: Place): ModuleCall | string {
  let { call } = node;
  while (call.parent !== null && call.parent !== caller) call = call.parent;
  const { file, function: name } = frames[depth + 1] ?? frames[depth];
  return call.parent === caller ? call : `${file} ${name}`;
}

/**
 * The variables of `names` that each value may be held by, as one line tells; null where it tells nothing.
 */
export function namesFromLine(
  { code, groups }: UsingLine,
  names: ReadonlySet<string>,
  containers: ReadonlySet<string>,
): ReadonlyMap<number, ReadonlySet<string>> | null {
  const line = readLine(code, containers);
  const used = new Set(groups.flatMap(({ values }) => values));
  const aligned = line && align(line, groups, names);
  if (aligned) return aligned;
  // The order tells nothing where the line uses other values under the same names. What it reads still does.
  const read = new Set(readBy(line, code).filter((name) => names.has(name)));
  if (read.size < used.size) return null;
  return new Map([...used].map((value) => [value, read]));
}

function readBy(line: PythonLine | null, code: string): string[] {
  if (!line) return variablesOf(code);
  return line.operations.flatMap(variablesIn);
}

function align(
  { operations }: PythonLine,
  groups: readonly Group[],
  names: ReadonlySet<string>,
): ReadonlyMap<number, ReadonlySet<string>> | null {
  const reads = operations.flatMap((operation) => {
    const items = variablesIn(operation).filter((name) => names.has(name));
    const isOrdered = items.length === 1 || usesInOrder(operation, names);
    return items.length === 0 ? [] : [{ items, isOrdered }];
  });
  const uses = groups.map(({ values, isOrdered }) => ({ items: values, isOrdered }));
  const rounds = count(uses) / Math.max(count(reads), 1);
  if (reads.length === 0 || !Number.isInteger(rounds) || rounds === 0) return null;
  const found = new Map<number, Set<string>>();
  const pairs = segments(uses, Array.from({ length: rounds }, () => reads).flat());
  for (const { values, variables, isOrdered } of pairs) {
    for (const [i, value] of values.entries()) {
      const may = new Set(isOrdered ? [variables[i]] : variables);
      const before = found.get(value);
      const both = before ? new Set([...before].filter((name) => may.has(name))) : may;
      // One value under two names: the line uses others, too.
      if (both.size === 0) return null;
      found.set(value, both);
    }
  }
  return found;
}

/** Functions of the model's own code may use what they are given in any order, and their lines are not in an archive. */
function usesInOrder({ kind, operands, keywords }: Operation, names: ReadonlySet<string>): boolean {
  if ([...keywords.values()].some((name) => names.has(name)) || kind === "call") return false;
  return kind !== "method" || names.has(operands[0]);
}

function count(groups: readonly { items: readonly unknown[] }[]): number {
  return groups.reduce((sum, { items }) => sum + items.length, 0);
}

/** Values beside the variables that they are, cut where a group of the ones and one of the others end at the same place. */
function* segments(
  uses: readonly { items: readonly number[]; isOrdered: boolean }[],
  reads: readonly { items: readonly string[]; isOrdered: boolean }[],
): Generator<{ values: number[]; variables: string[]; isOrdered: boolean }> {
  let values: number[] = [];
  let variables: string[] = [];
  let isOrdered = true;
  let next = 0;
  for (const use of uses) {
    values.push(...use.items);
    isOrdered &&= use.isOrdered || use.items.length === 1;
    while (next < reads.length && variables.length < values.length) {
      isOrdered &&= reads[next].isOrdered;
      variables.push(...reads[next++].items);
    }
    if (variables.length !== values.length) continue;
    yield { values, variables, isOrdered };
    values = [];
    variables = [];
    isOrdered = true;
  }
}
