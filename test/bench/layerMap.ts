import { logProbability, type PatchableGraph, type PatchMap, ReplacePatch, torch } from "@graphpatch/native";

const LAYERS = 12;
const TARGET = 42;

/** The corrupted run's tokens: three of the clean run's are others. peer_sweeps.py does the same. */
const corrupt = (ids: readonly number[]) => ids.map((id, i) => (i >= 1 && i <= 3 ? (id + 1234) % 50257 : id));

const tokens = (ids: readonly number[]) => ({ input_ids: torch.tensor([[...ids]], { dtype: "int64" }) });

/** Inputs of the corrupted run. */
export const corruptedInputs = (ids: readonly number[]) => tokens(corrupt(ids));

/** The layer × token map of a GPT-2: every block's output at every position replaced by the clean run's, log-probability of one token. */
export async function layerMap(pg: PatchableGraph, ids: readonly number[]) {
  const blocks = Array.from({ length: LAYERS }, (_, l) => `transformer.h_${l}`);
  const clean = await pg.run(tokens(ids), { outputs: blocks });
  const cells = blocks.map((block) =>
    ids.map(
      (_, t): PatchMap => ({
        [block]: new ReplacePatch({ value: clean[block].at([0, t]), slice: [{}, t] }),
      }),
    ),
  );
  return { inputs: corruptedInputs(ids), cells, metric: logProbability({ token: TARGET }) };
}
