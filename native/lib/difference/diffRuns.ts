import { ArgumentError } from "../errors";
import { annotateActivation, nameDimensions, tokensOf } from "../graph/dimensions";
import type { RunInputs } from "../graph/inputs";
import type { NodeInfo } from "../graph/nodeIndex";
import type { AnyNodes, NodeNames, PatchMap } from "../graph/nodeTypes";
import { type PatchScope, warnUnfired } from "../graph/patchScope";
import type { GraphRunner } from "../graph/runner";
import { ProbePatch } from "../patches/probePatch";
import { type BlockNodes, findBlocks } from "../sweep/blocks";
import { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { comparable, difference, distance, distanceAlong } from "./compare";
import { type DifferenceGrid, type NodeDifference, RunDifference } from "./result";

/** One of the two runs that are compared. */
export interface RunSide<Nodes extends NodeNames = AnyNodes> {
  inputs: RunInputs;
  /** In force in this run alone, besides those around the call. */
  patches?: PatchMap<Nodes>;
}

export interface DiffOptions {
  /** Which nodes to compare; all activations unless given. */
  nodes?: readonly string[];
  /** Relative change up to which a node counts as unchanged; 0 unless given: every bit counts. */
  tolerance?: number;
  /** Bytes of values that are kept at once; where there are more, both sides are run several times. 1 GiB unless given. */
  memoryLimit?: number;
  signal?: AbortSignal;
}

/** A node to compare. */
interface Compared {
  info: NodeInfo;
  value: number;
}

const MEMORY_LIMIT = 2 ** 30;
const KINDS = ["states", "mlp", "attention"] as const;

/** A side as it is run. */
interface Side {
  inputs: ReturnType<GraphRunner["bind"]>;
  scopes: PatchScope[];
  own: PatchScope | null;
}

/**
 * Runs a graph twice and compares the values of its nodes.
 * @throws UnknownNodeError, ArgumentError for options that do not fit; CancelledError.
 */
export async function diffRuns(
  runner: GraphRunner,
  first: RunSide,
  second: Partial<RunSide>,
  options: DiffOptions = {},
): Promise<RunDifference> {
  const { tolerance = 0, memoryLimit = MEMORY_LIMIT, signal } = options;
  if (!(tolerance >= 0)) throw new ArgumentError(`diffRuns: tolerance must be 0 or more, not ${tolerance}`);
  const other: RunSide = { ...second, inputs: second.inputs ?? first.inputs };
  const sides = [first, other].map((side) => sideOf(runner, side));
  const nodes = comparedNodes(runner, options.nodes);
  const [tokens, length] = tokenTexts(first.inputs, other.inputs, sides);
  const blocks = length === null ? null : blocksOf(runner);
  const places = new Set(blocks && KINDS.flatMap((kind) => blocks[kind]));
  const along = new Map<string, number[]>();
  const found: NodeDifference[] = [];
  const incomparable: { node: string; a: number[]; b: number[] }[] = [];
  for (const part of partsOf(nodes, memoryLimit, growth(runner, sides))) {
    const [one, two] = [
      await probe(runner, sides[0], part, signal),
      await probe(runner, sides[1], part, signal),
    ];
    torch.noGrad(() => {
      part.forEach(({ info }, i) => {
        const [a, b] = [one[i], two[i]];
        if (!a || !b) return;
        if (String(a.shape) !== String(b.shape)) {
          incomparable.push({ node: info.name, a: [...a.shape], b: [...b.shape] });
          return;
        }
        const [left, right] = [comparable(a), comparable(b)];
        found.push({
          node: info.name,
          operator: info.operator,
          shape: [...a.shape],
          dtype: a.dtype,
          ...distance(left, right),
        });
        const dim = nameDimensions(a.shape, length).indexOf("token");
        if (places.has(info.name) && dim >= 0) along.set(info.name, distanceAlong(left, right, dim));
      });
    });
  }
  for (const { own } of sides) if (own) warnUnfired(own);
  return new RunDifference({
    nodes: found,
    grids: gridsOf(blocks, along),
    incomparable,
    tokens,
    tolerance,
    again: (node) => valuesOf(runner, sides, node, [first.inputs, other.inputs].map(tokensOf)),
  });
}

function sideOf(runner: GraphRunner, { inputs, patches }: RunSide): Side {
  const own = patches ? runner.newScope(patches) : null;
  return { inputs: runner.bind(inputs), scopes: [...runner.scopes(), ...(own ? [own] : [])], own };
}

/** The nodes named; else every tensor that a run computes or is given. */
function comparedNodes({ captured }: GraphRunner, names: readonly string[] | undefined): Compared[] {
  const { index } = captured;
  if (names) {
    const nodes = names.map((name) => index.resolve(name));
    const wrong = nodes.find(({ info }) => info.shape === null);
    if (wrong) throw new ArgumentError(`diffRuns: ${wrong.info.name} is a number, not a tensor`);
    return nodes;
  }
  return [...index.infos.values()]
    .filter(
      ({ kind, shape, dtype }) =>
        shape !== null && kind !== "parameter" && kind !== "buffer" && !dtype?.startsWith("complex"),
    )
    .map(({ name }) => index.resolve(name));
}

/** Values of the nodes after all patches; null for a node that the run did not come to. */
async function probe(
  runner: GraphRunner,
  { inputs, scopes }: Side,
  nodes: readonly Compared[],
  signal: AbortSignal | undefined,
): Promise<(Tensor | null)[]> {
  const probes = nodes.map(() => new ProbePatch());
  const scope = {
    ...runner.newScope({}),
    entries: nodes.map(({ info, value }, i) => ({ node: info.name, value, patches: [probes[i]] })),
  };
  await runner.run({
    inputs,
    tokens: null,
    scopes: [...scopes, scope],
    outputs: runner.captured.output.values,
    packed: runner.isPacked,
    signal,
  });
  return probes.map((one) => (one.fired && one.number === null ? one.activation : null));
}

/** Nodes in lists whose values of both runs fit `limit`. */
function partsOf(nodes: readonly Compared[], limit: number, growth: number): Compared[][] {
  const parts: Compared[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const node of nodes) {
    const own = 2 * growth * bytesOf(node.info);
    if (bytes + own > limit) {
      parts.push([]);
      bytes = 0;
    }
    parts[parts.length - 1].push(node);
    bytes += own;
  }
  return parts;
}

function bytesOf({ shape, dtype }: NodeInfo): number {
  const width = Number(/\d+$/.exec(dtype ?? "")?.[0] ?? 8) / 8;
  return (shape ?? []).reduce((size, own) => size * own, width);
}

/** How much larger values are than at capture, as the inputs are; attention patterns grow by the square, which this allows for. */
function growth({ captured }: GraphRunner, sides: readonly Side[]): number {
  const size = (shape: readonly number[]) => shape.reduce((product, own) => product * own, 1);
  const most = sides.map(({ inputs }) =>
    Math.max(
      1,
      ...inputs.map((input, i) =>
        input instanceof Tensor ? input.numel() / Math.max(1, size(captured.inputs[i].shape)) : 1,
      ),
    ),
  );
  return Math.max(...most) ** 2;
}

/** Texts of the tokens, where the two inputs have them, and their number; null where the texts are of different lengths. */
function tokenTexts(
  a: RunInputs,
  b: RunInputs,
  sides: readonly Side[],
): [tokens: string[] | null, length: number | null] {
  const [one, two] = [tokensOf(a), tokensOf(b)];
  const [length, other] = sides.map(({ inputs }) => {
    const ids = inputs.find((input) => input instanceof Tensor && input.dim() === 2);
    return ids instanceof Tensor ? ids.shape[1] : null;
  });
  if (length === null || length !== other) return [null, null];
  if (one?.length !== length || two?.length !== length) return [null, length];
  return [one.map((text, at) => (text === two[at] ? text : `${text} → ${two[at]}`)), length];
}

/** Null for models whose blocks are not known: their nodes are compared all the same. */
function blocksOf({ captured }: GraphRunner): BlockNodes | null {
  try {
    return findBlocks(captured.index.infos);
  } catch (error) {
    if (error instanceof ArgumentError) return null;
    throw error;
  }
}

function gridsOf(
  blocks: BlockNodes | null,
  along: ReadonlyMap<string, number[]>,
): Partial<Record<keyof BlockNodes, DifferenceGrid>> {
  if (!blocks) return {};
  const grids = KINDS.flatMap((kind): [keyof BlockNodes, DifferenceGrid][] => {
    const nodes = blocks[kind].filter((node) => along.has(node));
    const values = nodes.map((node) => along.get(node) ?? []);
    return nodes.length > 0 && nodes.length === blocks[kind].length ? [[kind, { nodes, values }]] : [];
  });
  return Object.fromEntries(grids);
}

async function valuesOf(
  runner: GraphRunner,
  sides: readonly Side[],
  node: string,
  tokens: readonly (string[] | null)[],
): Promise<{ a: Tensor; b: Tensor; difference: Tensor }> {
  const found = runner.captured.index.resolve(node);
  const values = [
    await probe(runner, sides[0], [found], undefined),
    await probe(runner, sides[1], [found], undefined),
  ].map(([value]) => value);
  const [a, b] = values;
  if (!a || !b) throw new ArgumentError(`diffRuns: ${found.info.name} has no value in one of the runs`);
  if (String(a.shape) !== String(b.shape)) {
    throw new ArgumentError(
      `diffRuns: ${found.info.name} is [${a.shape.join(", ")}] in one run and [${b.shape.join(", ")}] in the other`,
    );
  }
  const change = torch.noGrad(() => difference(comparable(a), comparable(b)));
  values.forEach((value, i) => {
    if (value) annotateActivation(value, found.info, tokens[i]);
  });
  annotateActivation(
    change,
    { ...found.info, name: `difference of ${found.info.name}`, operator: "difference" },
    tokens[0],
  );
  return { a, b, difference: change };
}
