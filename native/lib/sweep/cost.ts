import { Tensor } from "../tensor/tensor";
import type { SweepJob } from "./setup";

/** Bytes of an element. */
const BYTES: Record<string, number> = { float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2 };

/** Bytes of what a base run has to keep for cells: all that depends on what they patch, from the captured shapes with the inputs' sizes in the place of the captured ones. */
export function keptBytes(job: SweepJob, cells: readonly number[]): number {
  const { flow, runner, inputs } = job;
  const sizes = new Map<number, number>();
  runner.captured.inputs.forEach(({ shape }, i) => {
    const input = inputs[i];
    shape.forEach((size, dim) => {
      // Size 1 stands in too many other places.
      if (size > 1 && input instanceof Tensor) sizes.set(size, input.shape[dim]);
    });
  });
  const differs = new Set(cells.flatMap((cell) => [...job.cells[cell].patches.keys()]));
  let bytes = 0;
  for (const node of flow.nodes) {
    if (!flow.uses(node).some((value) => differs.has(value))) continue;
    for (const value of node.results) {
      differs.add(value);
      const info = flow.info(value);
      if (node.type === "alias" || !info?.shape) continue;
      const elements = info.shape.reduce((product, size) => product * (sizes.get(size) ?? size), 1);
      bytes += elements * (BYTES[info.dtype ?? ""] ?? 1);
    }
  }
  return bytes;
}
