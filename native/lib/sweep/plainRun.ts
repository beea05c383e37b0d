import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import type { SweepJob } from "./setup";
import { selectPositions } from "./stacking";
import { tensorOf } from "./tensorOf";

/** A cell as an ordinary patched run; null for the run without a cell's patches. */
export async function runPlain(
  job: SweepJob,
  cell: number | null,
  positions: readonly number[] | null,
  signal?: AbortSignal,
): Promise<Tensor[]> {
  const { runner, inputs, tokens, outputs, baseScopes, cells, draws, seed } = job;
  if (draws && seed !== null) torch.manual_seed(seed);
  const scopes = cell === null ? baseScopes : [...baseScopes, cells[cell].scope];
  const values = await runner.run({ inputs, tokens, scopes, outputs, packed: runner.isPacked, signal });
  const tensors = values.map(tensorOf);
  return positions ? tensors.map((value) => selectPositions(value, positions)) : tensors;
}
