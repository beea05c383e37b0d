import type { Patch } from "../patches/patch";
import type { SweepResult } from "./result";
import type { SweepJob } from "./setup";

/** Warns of patches on nodes that the metric does not depend on: their cells are the base, which is a mistake. */
export function warnIdle({ flow, cells, outputs }: SweepJob): void {
  const needed = flow.upstreamOf(outputs);
  const idle = new Map<number, { patch: Patch; cells: number }>();
  for (const { patches } of cells) {
    for (const [value, list] of patches) {
      const patch = list.find(({ kind }) => kind !== "probe" && kind !== "record");
      if (needed.has(value) || !patch) continue;
      idle.set(value, { patch, cells: (idle.get(value)?.cells ?? 0) + 1 });
    }
  }
  const [first] = idle;
  if (!first) return;
  const [value, { patch, cells: count }] = first;
  const node = flow.info(value)?.name ?? "a node without a name";
  const others = idle.size > 1 ? `; so do patches on ${idle.size - 1} other nodes` : "";
  console.warn(
    `${patch} at ${node} changes nothing in ${count} of ${cells.length} cells: what the metric reads does not depend on that node${others}`,
  );
}

/** Warns where no patch of several cells changes what is measured: most likely it is measured at the wrong place. */
export function warnUnchanged({ cells }: SweepJob, { label, samples, unchanged }: SweepResult): void {
  if (samples.length < 2 || unchanged < samples.length || cells.every(({ patches }) => patches.size === 0))
    return;
  console.warn(
    `none of the ${samples.length} cells changes the ${label}: their patches do nothing, or nothing that is measured depends on them`,
  );
}
