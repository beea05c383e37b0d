import type { ModuleCall } from "../../graph/trace";
import type { ArgumentNames } from "./argumentNames";
import type { Alias } from "./boundaries";
import { framesOf } from "./callFrames";
import { type CallingLine, callingLine, nodesWithin, type Variables, variablesOfLine } from "./callingLine";
import { isWithin } from "./callTree";
import type { PlacedTarget } from "./codeNames";
import type { IrNode } from "./ir";
import { linesUsing, namesFromLine, type UsingLine } from "./lineEvidence";
import { readLine } from "./pythonLine";
import { placesInReturn } from "./returnLine";

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
  /** Index of each node. */
  positions: ReadonlyMap<IrNode, number>;
  /** The node that makes each value. */
  producers: ReadonlyMap<number, IrNode>;
  /** Values that a node takes, or that have another name. */
  used: ReadonlySet<number>;
  /** The value that an alias is of. */
  originOf: (alias: Alias) => number;
}

/** The outputs of one call, and what is known of their places in what it returns. */
export interface PlacedOutputs {
  outputs: readonly Alias[];
  /** For each output the place that lines tell, or null. */
  told: (string | null)[];
  /** Variables that the result is unpacked into. */
  targets: readonly PlacedTarget[];
  /** Places for outputs of which nothing tells. */
  guess: readonly string[];
  /** The lines that use outputs. */
  lines: readonly UsingLine[];
  /** For each output the line that makes it; null where that is not known. */
  makers: readonly (string | null)[];
}

/**
 * Gives the outputs of one call their places in what it returns: the caller's lines tell what they use of it
 * (`out, weights = self.attn(x)`), and the module's own what it returns.
 * @param first index of the call's first node
 * @returns what may be known better when all outputs and arguments have names; null where nothing is open
 */
export function placeOutputs(
  given: readonly Alias[],
  { nodes, positions, producers, used, originOf }: MadeValues,
  first: number,
): PlacedOutputs | null {
  const producerOf = (alias: Alias) => producers.get(originOf(alias));
  const outputs = inOperatorOrder(given, producerOf, originOf);
  const [{ call }] = outputs;
  const own = nodesWithin(call, nodes, first);
  const line = call.parent ? callingLine(call, call.parent, own) : null;
  const lines = line && call.parent ? linesUsingOutputs(outputs, call.parent, line, positions) : [];
  const variables = line ? variablesOfLine(line, outputs.length, lines) : null;
  const isTuple = variables !== null || outputs.length > 1;
  const returned = isTuple
    ? placesInReturn(outputs.map(originOf), call, own, used)
    : outputs.map((): string | null => null);
  const inLines = variables ? pathsFromUses(outputs, lines, variables, returned) : returned;
  const isSure = inLines.every((path) => path !== null);
  const fixed = isSure ? null : torchPlaces(call, outputs.length);
  const isOpen = !isSure && !variables;
  const inList = isOpen ? pathsFromLine(outputs.map(originOf), call, own, used) : null;
  const features = isOpen
    ? pathsOfFeatures(outputs, (alias) => own.indexOf(producerOf(alias) ?? own[0]))
    : null;
  const placed = {
    outputs,
    told: fixed ?? inList ?? inLines,
    targets: variables?.targets ?? [],
    guess: features ?? outputs.map((_, i) => (outputs.length === 1 ? "" : `sub_${i}`)),
  };
  placeTold(placed);
  if (!isTuple) return null;
  const makers = outputs.map((alias) => {
    const producer = producerOf(alias);
    return producer ? lineOf(producer, call) : null;
  });
  return { ...placed, lines, makers };
}

type Placing = Pick<PlacedOutputs, "outputs" | "told" | "targets" | "guess">;

function torchPlaces({ type }: ModuleCall, count: number): string[] | null {
  const places = TORCH_RESULTS.get(type)?.slice(0, count) ?? [];
  return places.length < count ? null : places;
}

function linesUsingOutputs(
  outputs: readonly Alias[],
  caller: ModuleCall,
  { depth, function: name }: CallingLine,
  positions: ReadonlyMap<IrNode, number>,
): UsingLine[] {
  const users = new Map<IrNode, number[]>();
  for (const { value, uses } of outputs) {
    for (const node of uses) {
      if (isWithin(node.call, caller)) users.set(node, [...(users.get(node) ?? []), value]);
    }
  }
  const at = (node: IrNode) => positions.get(node) ?? 0;
  const inOrder = new Map([...users].sort(([a], [b]) => at(a) - at(b)));
  return linesUsing(inOrder, { caller, depth, function: name });
}

/**
 * Gives outputs the places of variables that other modules, which receive them, have arguments of the same name as
 * (`text, image = block(…)` before the next `block(text, image)`, or before `block(x, image=image)`).
 */
export function placeByArguments(placed: PlacedOutputs, names: ArgumentNames): void {
  const { outputs, told, targets, lines } = placed;
  const keywords = lines.flatMap(({ code }) =>
    (readLine(code)?.operations ?? []).flatMap((operation) => [...operation.keywords]),
  );
  outputs.forEach((alias, i) => {
    if (told[i] !== null) return;
    const called = names.given(alias.value).map(({ local }) => local);
    const given = keywords.filter(([keyword]) => called.includes(keyword)).map(([, name]) => name);
    const same = targets.filter(
      ({ name, path }) => !told.includes(path) && (given.length > 0 ? given : called).includes(name),
    );
    if (same.length === 1) told[i] = same[0].path;
  });
  placeTold(placed);
}

/** Writes the places that are known; for the others those that are left, in the order of their first use. */
export function placeTold({ outputs, told, targets, guess }: Placing): void {
  const known = told.filter((path) => path !== null);
  const places = targets.length >= outputs.length ? targets.map(({ path }) => path) : guess;
  const free = places.filter((path) => !known.includes(path));
  outputs.forEach((alias, i) => {
    alias.part = told[i] ?? free.shift() ?? guess[i];
  });
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

/**
 * For each output the place of the variable that holds it, from the lines of the caller that use outputs; null where these do not tell.
 * @param known places that are known already
 */
function pathsFromUses(
  outputs: readonly Alias[],
  lines: readonly UsingLine[],
  { targets, containers }: Variables,
  known: readonly (string | null)[],
): (string | null)[] {
  const names = new Set(targets.map(({ name }) => name));
  const may = outputs.map((_, i) => {
    const own = targets.filter(({ path }) => path === known[i]);
    return new Set((own.length > 0 ? own : targets).map(({ name }) => name));
  });
  for (const line of lines) {
    for (const [value, told] of namesFromLine(line, names, containers) ?? []) {
      const i = outputs.findIndex((alias) => alias.value === value);
      const left = [...may[i]].filter((name) => told.has(name));
      // The first line stands: later ones may have assigned the variable again.
      if (left.length > 0) may[i] = new Set(left);
    }
  }
  const found = outputs.map((): string | null => null);
  for (let isNew = true; isNew; ) {
    isNew = false;
    may.forEach((own, i) => {
      if (own.size !== 1 || found[i] !== null) return;
      const [name] = own;
      found[i] = name;
      isNew = true;
      for (const other of may) if (other !== own) other.delete(name);
    });
  }
  // Two of one variable: it was assigned again, and lines tell nothing.
  if (may.some(({ size }) => size === 0)) return [...known];
  return found.map((name) => targets.find((target) => target.name === name)?.path ?? null);
}
