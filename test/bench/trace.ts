import { type CausalLM, PatchableGraph, torch } from "@graphpatch/native";
import { inputIds } from "./models";
import type { Peer } from "./peer";
import { printFigures, ratio } from "./report";

const SAMPLES = 10;
/** Cells that hooks are timed at; the whole trace is as many times that as it has cells. */
const TIMED_CELLS = 60;

/** ROME's causal trace of a text of 10 tokens, 900 cells × 10 noise samples, on SmolLM2-135M's shape. */
export async function benchTrace(model: CausalLM, peer: Peer | null): Promise<void> {
  const ids = inputIds.slice(0, 10).map((id) => id % 49152);
  const inputs = { input_ids: torch.tensor([ids], { dtype: "int64" }) };
  const pg = await PatchableGraph.capture(model, inputs);
  const options = { inputs, subject: [1, 4], target: 42, samples: SAMPLES, window: 10 } as const;
  await pg.causalTrace({ ...options, kinds: ["states"], layers: [15] });
  const start = performance.now();
  const trace = await pg.causalTrace(options);
  const ms = performance.now() - start;
  const cells = Object.values(trace.grids).reduce((count, { done }) => count + done, 0);
  const one = peer ? await peer.traceCell("smollm2", TIMED_CELLS) : null;
  printFigures(
    `Causal trace of SmolLM2-135M's shape: ${cells} cells × ${SAMPLES} noise samples, ${(ms / 1000).toFixed(1)} s`,
    [
      ...(one === null
        ? []
        : [
            {
              name: `faster than hooks, one cell (all its samples) a forward: ${((one * cells) / 1000).toFixed(0)} s, from ${TIMED_CELLS} cells`,
              measured: ratio((one * cells) / ms),
              asked: "≥ 12 ×",
            },
          ]),
    ],
  );
}
