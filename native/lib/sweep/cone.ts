import type { Dataflow } from "./dataflow";

/** What cells that patch the same values have to compute. */
export interface Cone {
  /** Patched values that depend on no other patched value: they are put in whole. */
  starts: number[];
  /** Values that are computed, among them the patched ones that are not starts. */
  computed: ReadonlySet<number>;
  /** Values of the base run that the computation reads; they are put in whole. */
  frontier: number[];
}

/**
 * The part of a graph that depends on `patched` and that `outputs` need.
 * @param fixed values with patches that hold in every cell; an alias of theirs is not read through them.
 */
export function findCone(
  flow: Dataflow,
  patched: ReadonlySet<number>,
  outputs: readonly number[],
  fixed: ReadonlySet<number>,
): Cone {
  const affected = new Set(patched);
  const dependent = new Set<number>();
  for (const node of flow.nodes) {
    if (!flow.uses(node).some((value) => affected.has(value))) continue;
    for (const result of node.results) {
      if (patched.has(result)) dependent.add(result);
      affected.add(result);
    }
  }
  const starts = [...patched].filter((value) => !dependent.has(value));
  const isStart = new Set(starts);
  const computed = new Set<number>();
  const frontier = new Set<number>();
  const seen = new Set<number>();
  const pending = [...outputs];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (seen.has(value) || isStart.has(value)) continue;
    seen.add(value);
    const node = flow.producer(value);
    if (affected.has(value)) {
      computed.add(value);
      if (node) pending.push(...flow.uses(node));
    } else if (node?.type === "number" || (node?.type === "alias" && !fixed.has(value))) {
      // A size is read off its tensor again, and an alias is its source.
      pending.push(...flow.uses(node));
    } else if (node || fixed.has(value)) {
      frontier.add(value);
    }
  }
  return { starts, computed, frontier: [...frontier] };
}
