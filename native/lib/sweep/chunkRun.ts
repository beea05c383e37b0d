import { ArgumentError, GraphpatchError } from "../errors";
import type { NodePatches, PatchScope } from "../graph/patchScope";
import { CustomPatch } from "../patches/customPatch";
import type { Patch } from "../patches/patch";
import { WholeValue } from "../patches/wholeValue";
import { Tensor } from "../tensor/tensor";
import type { CellGroup } from "./groups";
import type { SweepJob } from "./setup";
import { repeatRows, selectPositions, splitRows, stackRows } from "./stacking";

/** Values of the base run: those that cells begin from, and the outputs. */
export type BaseValues = ReadonlyMap<number, Tensor>;

/** How the runs of a sweep are made. */
export interface RunSettings {
  job: SweepJob;
  base: BaseValues;
  packed: boolean;
  /** Positions that the metric reads, as indices from 0; null for all. */
  positions: readonly number[] | null;
  signal?: AbortSignal;
}

/** A tensor where one was asked for: the nodes of outputs and patches here have shapes. */
export function tensorOf(value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  throw new ArgumentError("a sweep's outputs must be tensors");
}

/** Puts `patches` in force in runs of the job's graph. */
function scopeOf({ runner }: SweepJob, entries: NodePatches[]): PatchScope {
  return { ...runner.newScope({}), entries };
}

function entry({ flow }: SweepJob, value: number, patches: readonly Patch[]): NodePatches {
  return { node: flow.info(value)?.name ?? "", value, patches: [...patches] };
}

/** The engine's own result of patches on values that are there. */
async function applyPatches(
  { job, signal }: RunSettings,
  values: readonly (readonly [number, Tensor, readonly Patch[]])[],
): Promise<Tensor[]> {
  const entries = values.map(([value, whole, patches]) =>
    entry(job, value, [new WholeValue(whole), ...patches]),
  );
  const outputs = values.map(([value]) => value);
  const { runner, inputs, tokens } = job;
  const scopes = [scopeOf(job, entries)];
  return (await runner.run({ inputs, tokens, scopes, outputs, packed: false, signal })).map(tensorOf);
}

/** Values of the cell's first patched nodes, patched. */
export function startValues(settings: RunSettings, group: CellGroup, cell: number): Promise<Tensor[]> {
  const { patches } = settings.job.cells[cell];
  const starts = group.cone.starts.map((value) => {
    const whole = settings.base.get(value);
    if (!whole) throw new ArgumentError("the base run lacks a value");
    return [value, whole, patches.get(value) ?? []] as const;
  });
  return applyPatches(settings, starts);
}

/** Applies the patches of each cell to its part of a value that is computed for all of them at once. */
function patchEach(settings: RunSettings, value: number, cells: readonly number[]): CustomPatch {
  const { job } = settings;
  return new CustomPatch({
    requiresClone: false,
    op: async (whole) => {
      const parts = splitRows(whole, cells.length).map(async (part, i) => {
        const patches = patchesAt(job, value, cells[i]);
        if (patches.length === 0) return part;
        const [patched] = await applyPatches(settings, [[value, part, patches]]);
        if (String(patched.shape) !== String(part.shape)) throw new ShapesDiffer();
        return patched;
      });
      return stackRows(await Promise.all(parts));
    },
  });
}

/** Cells of one batch got values of different shapes from their patches; they are run one by one then. */
export class ShapesDiffer extends GraphpatchError {
  constructor() {
    super("a cell's patches changed the shape of their value");
  }
}

/** Patches at a value in one cell. What only looks, and holds in every cell, has seen the base run. */
function patchesAt({ basePatches, cells }: SweepJob, value: number, cell: number): Patch[] {
  const changing = (basePatches.get(value) ?? []).filter(({ kind }) => kind !== "probe" && kind !== "record");
  return [...changing, ...(cells[cell].patches.get(value) ?? [])];
}

/**
 * Runs cells of one group in one batch, from their patched values on.
 * @param starts of each cell, as `startValues` gives them.
 * @returns what the metric looks at, all cells' rows after one another.
 */
export async function runChunk(
  settings: RunSettings,
  group: CellGroup,
  cells: readonly number[],
  starts: readonly (readonly Tensor[])[],
): Promise<Tensor[]> {
  const { job, base, positions } = settings;
  const count = cells.length;
  const put = new Map<number, Tensor>();
  group.cone.starts.forEach((value, i) => {
    put.set(value, stackRows(starts.map((values) => values[i])));
  });
  for (const value of group.cone.frontier) {
    const whole = base.get(value);
    if (whole) put.set(value, group.hasRows(value) ? repeatRows(whole, count) : whole);
  }
  const isAlone = count === 1;
  const later = group.later.map((value) =>
    // A single cell's patches act on the value as in any other run.
    entry(job, value, isAlone ? patchesAt(job, value, cells[0]) : [patchEach(settings, value, cells)]),
  );
  const inputs = job.inputs.map((input) => (input instanceof Tensor ? repeatRows(input, count) : input));
  const run = async (outputs: number[], values: ReadonlyMap<number, Tensor>, patches: NodePatches[]) => {
    const whole = [...values].map(([value, tensor]) => entry(job, value, [new WholeValue(tensor)]));
    const { runner, tokens } = job;
    const { packed, signal } = settings;
    const scopes = [scopeOf(job, [...whole, ...patches, ...numberPatches(job)])];
    return (await runner.run({ inputs, tokens, scopes, outputs, packed, signal })).map(tensorOf);
  };
  const { tail } = group;
  const leaves = positions && tail ? await leafValues(tail.computed) : null;
  if (leaves && positions) {
    const rows = cutLeaves(leaves, positions, length());
    if (rows) return run(job.outputs, rows, []);
  }
  const outputs = await run(job.outputs, put, later);
  return positions ? outputs.map((output) => selectPositions(output, positions)) : outputs;

  /** Values at which the operators begin that treat each position by itself. */
  async function leafValues(computed: readonly number[]): Promise<Map<number, Tensor> | null> {
    const values = computed.length > 0 ? await run([...computed], put, later) : [];
    const known = new Map(computed.map((value, i) => [value, values[i]]));
    for (const value of tail?.leaves ?? []) {
      const there = known.get(value) ?? put.get(value);
      if (!there) return null;
      known.set(value, there);
    }
    return known;
  }

  function length(): number {
    return base.get(job.outputs[0])?.shape[1] ?? 0;
  }
}

/** The leaves at some positions; null when one of them holds positions in another way than as [rows, position, …]. */
function cutLeaves(
  leaves: ReadonlyMap<number, Tensor>,
  positions: readonly number[],
  length: number,
): Map<number, Tensor> | null {
  const cut = new Map<number, Tensor>();
  for (const [value, leaf] of leaves) {
    const { shape } = leaf;
    if (shape.length < 2 || (shape[1] !== length && shape[1] !== 1)) return null;
    cut.set(value, shape[1] === length ? selectPositions(leaf, positions).contiguous() : leaf);
  }
  return cut;
}

/** Patches on sizes that hold in every cell: sizes are read again in each run. */
function numberPatches({ flow, basePatches }: SweepJob): NodePatches[] {
  return [...basePatches]
    .filter(([value]) => flow.info(value)?.shape === null)
    .map(([value, patches]) => ({ node: flow.info(value)?.name ?? "", value, patches: [...patches] }));
}

/** A cell as an ordinary patched run. */
export async function runPlain(
  { job, positions, signal }: RunSettings,
  cell: number | null,
): Promise<Tensor[]> {
  const { runner, inputs, tokens, outputs, baseScopes, cells } = job;
  const scopes = cell === null ? baseScopes : [...baseScopes, cells[cell].scope];
  const values = await runner.run({ inputs, tokens, scopes, outputs, packed: runner.isPacked, signal });
  const tensors = values.map(tensorOf);
  return positions ? tensors.map((value) => selectPositions(value, positions)) : tensors;
}
