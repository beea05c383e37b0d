import { type CausalLM, PatchableGraph, torch } from "@graphpatch/native";
import { inputIds } from "./models";
import type { Peer } from "./peer";
import { type Figure, printFigures, ratio } from "./report";

const SAMPLES = 10;
/** Ways to run them with hooks: how many noise samples go through in one forward, and at how many cells that is timed; the whole trace is as many times that as it has cells. */
const HOOKS = [
  { batch: 1, cells: 24, name: "hooks one by one, one cell and sample a forward", asked: "≥ 12 ×" },
  {
    batch: SAMPLES,
    cells: 60,
    name: "hooks, all samples of a cell in one forward, as ROME's code does",
    asked: "",
  },
];

/** ROME's causal trace of a text of 10 tokens, 900 cells × 10 noise samples, on SmolLM2-135M's shape. */
export async function benchTrace(model: CausalLM, peer: Peer | null): Promise<void> {
  const ids = inputIds.slice(0, 10).map((id) => id % 49152);
  const inputs = { input_ids: torch.tensor([ids], { dtype: "int64" }) };
  const pg = await PatchableGraph.capture(model, inputs);
  // A random model's probabilities are 0 or 1 in float32: the trace warns that nothing changes them.
  const options = { inputs, subject: [1, 4], target: 42, samples: SAMPLES, window: 10 } as const;
  await pg.causalTrace({ ...options, kinds: ["states"], layers: [15] });
  const start = performance.now();
  const trace = await pg.causalTrace(options);
  const ms = performance.now() - start;
  const cells = Object.values(trace.grids).reduce((count, { done }) => count + done, 0);
  const figures: Figure[] = [];
  for (const { batch, cells: timed, name, asked } of peer ? HOOKS : []) {
    const each = (await peer?.traceCell("smollm2", timed, batch)) ?? 0;
    const whole = `${((each * cells) / 1000).toFixed(0)} s, from ${timed} cells`;
    figures.push({ name: `faster than ${name}: ${whole}`, measured: ratio((each * cells) / ms), asked });
  }
  printFigures(
    `Causal trace of SmolLM2-135M's shape: ${cells} cells × ${SAMPLES} noise samples, ${(ms / 1000).toFixed(1)} s`,
    figures,
  );
}
