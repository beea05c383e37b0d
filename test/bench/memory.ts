import { readFileSync, writeFileSync } from "node:fs";
import {
  AddPatch,
  type CausalLM,
  type CausalLMOutput,
  PatchableGraph,
  ProbePatch,
  torch,
} from "@graphpatch/native";
import { benchInputs } from "./models";
import type { Peer } from "./peer";
import { printFigures } from "./report";

/** Megabytes from Linux's /proc/self/status (`VmRSS`, `VmHWM`). */
function status(field: string): number {
  const line = readFileSync("/proc/self/status", "utf8")
    .split("\n")
    .find((text) => text.startsWith(field));
  return Number(line?.split(/\s+/)[1] ?? Number.NaN) / 1024;
}

/** By how much a few runs exceed what is resident before them; the peer does the same. */
async function peakOfRuns(run: () => Promise<unknown>): Promise<number> {
  writeFileSync("/proc/self/clear_refs", "5");
  const before = status("VmRSS");
  for (let i = 0; i < 5; i++) await run();
  return status("VmHWM") - before;
}

/** Resident megabytes after 50 and after 2,000 patched and probed runs, nothing disposed by hand. */
async function loop(
  pg: PatchableGraph<CausalLM>,
  run: () => Promise<CausalLMOutput>,
): Promise<{ early: number; late: number }> {
  let early = 0;
  for (let i = 1; i <= 2000; i++) {
    const probe = new ProbePatch();
    const add = new AddPatch({ value: torch.randn([768]), slice: "0, 3" });
    const { logits } = await pg.patch({ "transformer.h_5": add, "transformer.h_7.mlp.act": probe }, run);
    const read = Number(logits.at("0, -1, 0").item()) + Number(probe.activation.sum().item());
    if (!Number.isFinite(read)) throw new Error("a run gave no finite numbers");
    if (i === 50) early = status("VmRSS");
  }
  return { early, late: status("VmRSS") };
}

/** What runs hold and leave behind. Linux only: other systems do not say. */
export async function benchMemory(model: CausalLM, peer: Peer | null): Promise<void> {
  if (process.platform !== "linux") return;
  const inputs = benchInputs("small");
  const pg = await PatchableGraph.capture(model, { ...inputs });
  for (const parameter of model.parameters()) parameter.sum();
  const run = () => pg.run({ ...inputs });
  const own = await peakOfRuns(run);
  const other = peer ? await peer.peak("small") : null;
  const { early, late } = await loop(pg, run);
  printFigures("Memory", [
    {
      name: "runs of GPT-2 small above what was resident",
      measured: `${own.toFixed(0)} MB`,
      asked: other === null ? "" : `≤ ${other.toFixed(0)} MB (PyTorch)`,
    },
    {
      name: "resident after 2,000 patched and probed runs",
      measured: `${late.toFixed(0)} MB`,
      asked: `≤ ${(early * 1.15).toFixed(0)} MB (after 50: ${early.toFixed(0)})`,
    },
  ]);
}
