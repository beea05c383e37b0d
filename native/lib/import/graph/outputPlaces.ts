import type { ModuleCall } from "../../graph/trace";
import type { ArgumentNames } from "./argumentNames";
import type { Alias } from "./boundaries";
import { framesOf } from "./callFrames";
import { isWithin } from "./callTree";
import { type PlacedTarget, placedTargets, type Target, targetsOf, variablesOf } from "./codeNames";
import type { IrNode } from "./ir";

/** PyTorch's own modules that return tuples, and the places in them. */
const TORCH_RESULTS: ReadonlyMap<string, string[]> = new Map([
  ["MultiheadAttention", ["sub_0", "sub_1"]],
  ["GRU", ["sub_0", "sub_1"]],
  ["RNN", ["sub_0", "sub_1"]],
  ["LSTM", ["sub_0", "sub_1.sub_0", "sub_1.sub_1"]],
]);

/** What a graph's nodes make. */
export interface MadeValues {
  nodes: readonly IrNode[];
  /** The node that makes each value. */
  producers: ReadonlyMap<number, IrNode>;
  /** Values that a node takes, or that have another name. */
  used: ReadonlySet<number>;
  /** The value that an alias is of. */
  originOf: (alias: Alias) => number;
}

/**
 * Gives the outputs of one call their places in what it returns: the caller's line tells whether it is a tuple
 * (`out, weights = self.attn(x)`).
 * @param first index of the call's first node
 * @returns outputs of which only the order told which variable is which
 */
export function placeOutputs(
  given: readonly Alias[],
  { nodes, producers, used, originOf }: MadeValues,
  first: number,
): UnsureOutputs | null {
  const outputs = inOperatorOrder(given, (alias) => producers.get(originOf(alias)), originOf);
  const [{ call }] = outputs;
  const own = nodesWithin(call, nodes, first);
  const line = call.parent ? callingLine(call, call.parent, own) : null;
  const targets = line ? targetsOfLine(line, outputs.length) : null;
  const reads = (node: IrNode) => (call.parent && line ? readAt(node, call.parent, line) : []);
  const byUses = targets && withLine(pathsFromUses(outputs, reads, targets), outputs, reads, targets, nodes);
  const byTargets = targets && byUses && inOrderOf(targets, byUses);
  const isSure = byUses?.every((path) => path !== null) ?? false;
  const paths =
    (isSure ? byTargets : TORCH_RESULTS.get(call.type)) ??
    byTargets ??
    pathsFromLine(outputs.map(originOf), call, own, used) ??
    pathsOfFeatures(outputs, (alias) => own.indexOf(producers.get(originOf(alias)) ?? own[0]));
  outputs.forEach((alias, i) => {
    if (paths && paths.length >= outputs.length) alias.part = paths[i];
    else alias.part = outputs.length === 1 ? "" : `sub_${i}`;
  });
  if (isSure || !byUses || paths !== byTargets) return null;
  return {
    outputs: outputs.filter((_, i) => byUses[i] === null),
    targets: targets.filter(({ path }) => !byUses.includes(path)),
  };
}

/** The places that are known, and for the others those that are left, in order; null where there are too few. */
function inOrderOf(targets: readonly PlacedTarget[], known: readonly (string | null)[]): string[] | null {
  const free = targets.map(({ path }) => path).filter((path) => !known.includes(path));
  return targets.length < known.length ? null : known.map((path) => path ?? free.shift() ?? "");
}

export interface UnsureOutputs {
  outputs: readonly Alias[];
  targets: readonly PlacedTarget[];
}

/**
 * Gives outputs the places of variables that other modules, which receive them, have arguments of the same name as
 * (`text, image = block(…)` before the next `block(text, image)`).
 */
export function placeByArguments({ outputs, targets }: UnsureOutputs, names: ArgumentNames): void {
  const placed = new Map<Alias, string>();
  for (const alias of outputs) {
    const called = names.given(alias.value).map(({ local }) => local);
    const same = targets.filter(({ name }) => called.includes(name));
    if (same.length === 1) placed.set(alias, same[0].path);
  }
  const taken = new Set(placed.values());
  if (taken.size < placed.size) return;
  const free = targets.map(({ path }) => path).filter((path) => !taken.has(path));
  for (const alias of outputs) alias.part = placed.get(alias) ?? free.shift() ?? alias.part;
}

/**
 * In the order of their first use, but among themselves the results of one operator in its order (`max_pool2d` with indices,
 * `shift, scale = x.chunk(2)`).
 */
function inOperatorOrder(
  outputs: readonly Alias[],
  producerOf: (alias: Alias) => IrNode | undefined,
  originOf: (alias: Alias) => number,
): readonly Alias[] {
  const ordered = [...outputs];
  for (const producer of new Set(outputs.map(producerOf))) {
    if (!producer) continue;
    const places = outputs.flatMap((alias, i) => (producerOf(alias) === producer ? [i] : []));
    const place = (alias: Alias) => producer.results.findIndex(({ value }) => value === originOf(alias));
    const results = places.map((i) => outputs[i]).sort((a, b) => place(a) - place(b));
    places.forEach((at, i) => {
      ordered[at] = results[i];
    });
  }
  return ordered;
}

/**
 * Places in a list whose items one line makes, one after the other (`[branch(x) for branch in self.branches]`); items that nothing
 * uses count, too. Null where the values are no such items.
 */
function pathsFromLine(
  values: readonly number[],
  call: ModuleCall,
  own: readonly IrNode[],
  used: ReadonlySet<number>,
): string[] | null {
  const makers = new Set(
    own.filter((node) => values.includes(onlyResult(node))).map((node) => lineOf(node, call)),
  );
  const [line] = makers;
  if (values.length < 2 || makers.size !== 1 || line === null) return null;
  const items = own
    .filter((node) => lineOf(node, call) === line)
    .map(onlyResult)
    .filter((value) => values.includes(value) || !used.has(value));
  return values.every((value) => items.includes(value))
    ? values.map((value) => `sub_${items.indexOf(value)}`)
    : null;
}

/** Maps of features that an encoder appends to a list as it makes them: three and more of one rank. Null for others. */
function pathsOfFeatures(outputs: readonly Alias[], madeAt: (alias: Alias) => number): string[] | null {
  const ranks = new Set(outputs.map(({ rank }) => rank));
  if (outputs.length < 3 || ranks.size > 1) return null;
  const ordered = [...outputs].sort((a, b) => madeAt(a) - madeAt(b));
  return outputs.map((alias) => `sub_${ordered.indexOf(alias)}`);
}

function nodesWithin(call: ModuleCall, nodes: readonly IrNode[], first: number): IrNode[] {
  let end = first;
  while (end < nodes.length && isWithin(nodes[end].call, call)) end++;
  return nodes.slice(first, end);
}

/** -1 for nodes that give several values. */
function onlyResult({ results }: IrNode): number {
  return results.length === 1 ? results[0].value : -1;
}

/** The line of the call's own code, the innermost one, and the operator; null where there are no such lines. */
function lineOf(node: IrNode, call: ModuleCall): string | null {
  const frames = framesOf(node, call);
  if (frames.length === 0) return null;
  return [frames[0], frames[frames.length - 1]]
    .map(({ file, line }) => `${file}:${line}`)
    .join(node.operator);
}

/** For each output the place of the variable that lines which use it read, and others do not; null where that does not tell. */
function pathsFromUses(
  outputs: readonly Alias[],
  reads: (node: IrNode) => readonly string[],
  targets: readonly PlacedTarget[],
): (string | null)[] {
  const taken = new Set<string>();
  const found = outputs.map((): string | null => null);
  if (targets.length < 2) return found;
  // A line may read several of them: what is known of others decides then.
  for (let isNew = true; isNew; ) {
    isNew = false;
    outputs.forEach(({ uses }, i) => {
      const path = found[i] ?? onlyPath(uses.map(reads), targets, taken);
      if (path === null || found[i] !== null) return;
      found[i] = path;
      isNew = !taken.has(path);
      taken.add(path);
    });
  }
  // Two of one variable: it was assigned again, and lines tell nothing.
  const paths = found.filter((path) => path !== null);
  return new Set(paths).size === paths.length ? found : found.map(() => null);
}

/**
 * Adds the places of those that are left, where one line uses them all and reads as many variables: Python computes from left to
 * right. A module that is given two of them uses them in an order of its own.
 */
function withLine(
  found: readonly (string | null)[],
  outputs: readonly Alias[],
  reads: (node: IrNode) => readonly string[],
  targets: readonly PlacedTarget[],
  nodes: readonly IrNode[],
): (string | null)[] {
  const caller = outputs[0].call.parent;
  const left = outputs.filter((_, i) => found[i] === null);
  const free = targets.filter(({ path }) => !found.includes(path));
  for (const node of left.length > 1 ? left[0].uses : []) {
    const read = reads(node);
    const named = read.flatMap((name) => free.filter((target) => target.name === name));
    const isSame = (use: IrNode) => reads(use).join() === read.join();
    const uses = left.map((alias) => nodes.indexOf(alias.uses.find(isSame) ?? node));
    const modules = uses.map((use) => (nodes[use].call === caller ? use : calledBy(caller, nodes[use].call)));
    if (named.length !== left.length || new Set(modules).size !== left.length) continue;
    const order = [...uses].sort((a, b) => a - b);
    const pathOf = (alias: Alias) => named[order.indexOf(uses[left.indexOf(alias)])].path;
    return outputs.map((alias, i) => found[i] ?? pathOf(alias));
  }
  return [...found];
}

/** The outermost call below `caller` that another one stands in. */
function calledBy(caller: ModuleCall | null, inner: ModuleCall): ModuleCall {
  return inner.parent === null || inner.parent === caller ? inner : calledBy(caller, inner.parent);
}

/** The place of the one variable, of those that are not taken, which a line that uses the value reads. */
function onlyPath(
  lines: readonly (readonly string[])[],
  targets: readonly PlacedTarget[],
  taken: ReadonlySet<string>,
): string | null {
  for (const read of lines) {
    const named = targets.filter(({ name, path }) => read.includes(name) && !taken.has(path));
    if (named.length === 1) return named[0].path;
  }
  return null;
}

/** The line that calls a module: in its caller's forward, or in a function that this calls. */
interface CallingLine {
  target: Target;
  /** Frames from the caller's forward to it. */
  depth: number;
  function: string;
  /** A module of a list, by the name of a variable. */
  isVariable: boolean;
}

/** Null where a line does not tell apart what is used: of a layer in a loop, one output is the whole. */
function targetsOfLine({ target, isVariable }: CallingLine, count: number): PlacedTarget[] | null {
  return typeof target === "string" || (isVariable && count < 2) ? null : placedTargets(target);
}

/** Where the caller assigns the result of a call, and to what; null where that cannot be told. */
function callingLine(call: ModuleCall, caller: ModuleCall, own: readonly IrNode[]): CallingLine | null {
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
