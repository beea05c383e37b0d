import { type CausalLM, PatchableGraph, torch } from "@graphpatch/native";
import { printFigures } from "./report";

const TICK_MS = 5;

/** How late timers are while a long run is under way. */
export async function benchResponsiveness(model: CausalLM): Promise<void> {
  const input_ids = torch.randint(0, 50257, [2, 256]);
  const pg = await PatchableGraph.capture(model, { input_ids });
  let latest = 0;
  let due = performance.now() + TICK_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    latest = Math.max(latest, now - due);
    due = now + TICK_MS;
  }, TICK_MS);
  const start = performance.now();
  await pg.run({ input_ids });
  const took = performance.now() - start;
  clearInterval(timer);
  printFigures("JavaScript during a run", [
    { name: "length of the run", measured: `${(took / 1000).toFixed(2)} s` },
    {
      name: `a timer for every ${TICK_MS} ms is late by at most`,
      measured: `${latest.toFixed(1)} ms`,
      asked: "≤ 30 ms",
    },
  ]);
}
