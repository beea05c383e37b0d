import type { Patch } from "../patches/patch";
import type { SweepJob, ValuePatches } from "./setup";

/** Cells for which another base is worth a run of its own: fewer are cheaper with what they share as a part of each. */
const WORTH_A_BASE = 4;

/** Cells that are run from one base: the sweep's own, or that with patches that the cells share. */
export interface SharedBase {
  job: SweepJob;
  cells: number[];
  isShared: boolean;
}

/**
 * Takes patches that many cells have in common out of them and into a base of their own, so that what they do is computed once: a
 * corrupted embedding with other nodes restored in each cell. Patches are the same when they are the same objects, in the same order, on the same node.
 *
 * Cells that have their first patches on several nodes in common are windows that overlap: for those a wave computes once what they share.
 */
export function shareBases(job: SweepJob, cells: readonly number[]): SharedBase[] {
  const ids = new Map<Patch, number>();
  const idOf = (patch: Patch): number => {
    const known = ids.get(patch) ?? ids.size;
    ids.set(patch, known);
    return known;
  };
  const order = new Map(job.flow.nodes.flatMap(({ results }, i) => results.map((value) => [value, i + 1])));
  const inOrder = (patches: ValuePatches): number[] =>
    [...patches.keys()].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  /** The patches that a cell has on one of its nodes, counted from the first. */
  const keyOf = (patches: ValuePatches, place: number): string => {
    const value = inOrder(patches)[place];
    return `${value}:${(patches.get(value) ?? []).map(idOf).join()}`;
  };
  const groups = new Map<string, number[]>();
  for (const cell of cells) {
    const { patches } = job.cells[cell];
    if (patches.size < 2) continue;
    const key = keyOf(patches, 0);
    const group = groups.get(key);
    if (group) group.push(cell);
    else groups.set(key, [cell]);
  }
  const bases: SharedBase[] = [];
  const taken = new Set<number>();
  for (const group of groups.values()) {
    if (group.length < WORTH_A_BASE) continue;
    const seconds = new Set(group.map((cell) => keyOf(job.cells[cell].patches, 1)));
    if (seconds.size === 1) continue;
    for (const cell of group) taken.add(cell);
    const [first] = inOrder(job.cells[group[0]].patches);
    bases.push({ job: withBase(job, group, first), cells: group, isShared: true });
  }
  const rest = cells.filter((cell) => !taken.has(cell));
  return rest.length > 0 ? [{ job, cells: rest, isShared: false }, ...bases] : bases;
}

/** The job with the patches that `cells` have at `value` in its base. */
function withBase(job: SweepJob, cells: readonly number[], value: number): SweepJob {
  const shared = job.cells[cells[0]].patches.get(value) ?? [];
  const node = job.flow.info(value)?.name ?? "";
  const scope = { ...job.runner.newScope({}), entries: [{ node, value, patches: [...shared] }] };
  const basePatches = new Map(job.basePatches);
  basePatches.set(value, [...(basePatches.get(value) ?? []), ...shared]);
  const own = [...job.cells];
  for (const cell of cells) {
    const patches = new Map(job.cells[cell].patches);
    patches.delete(value);
    own[cell] = { ...own[cell], patches };
  }
  return { ...job, baseScopes: [...job.baseScopes, scope], basePatches, cells: own };
}
