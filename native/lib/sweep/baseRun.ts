import type { Tensor } from "../tensor/tensor";
import { type BaseValues, tensorOf } from "./chunkRun";
import type { CellGroup } from "./groups";
import type { SweepJob } from "./setup";

/** The run without cells' patches: once, with every value that cells begin from. */
export async function runBase(
  { runner, inputs, tokens, baseScopes, outputs }: SweepJob,
  groups: readonly CellGroup[],
  signal?: AbortSignal,
): Promise<{ values: BaseValues; milliseconds: number }> {
  const wanted = new Set(outputs);
  for (const { cone } of groups) for (const value of [...cone.starts, ...cone.frontier]) wanted.add(value);
  const list = [...wanted];
  const start = performance.now();
  const results = await runner.run({
    inputs,
    tokens,
    scopes: baseScopes,
    outputs: list,
    packed: runner.isPacked,
    signal,
  });
  const values = new Map<number, Tensor>(list.map((value, i) => [value, tensorOf(results[i])]));
  return { values, milliseconds: performance.now() - start };
}
