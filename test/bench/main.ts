import { mkdtempSync, rmSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { AutoModelForCausalLM, torch } from "@graphpatch/native";
import { benchEngine, benchTiny } from "./engine";
import { median, timed } from "./measure";
import { benchMemory } from "./memory";
import { benchModel, inputIds } from "./models";
import { Peer } from "./peer";
import { milliseconds, printFigures } from "./report";
import { benchResponsiveness } from "./responsiveness";

const threads = Number(process.env.THREADS ?? 2);

async function benchLoading(): Promise<void> {
  const loads: number[] = [];
  for (let i = 0; i < 3; i++)
    loads.push(await timed(() => AutoModelForCausalLM.fromPretrained("smollm2-135m-instruct"))());
  printFigures("Loading", [
    { name: "SmolLM2-135M-Instruct from GGUF (Q4_1), median of 3", measured: milliseconds(median(loads)) },
  ]);
}

async function main(): Promise<void> {
  torch.setNumThreads(threads);
  const python = process.env.BENCH_PYTHON;
  const scratch = mkdtempSync(join(tmpdir(), "graphpatch-bench-"));
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const script = join(__dirname, "..", "peers.py");
  const started = python
    ? await Peer.start(python, script, [scratch, String(threads), JSON.stringify(inputIds)])
    : null;
  const peer = started?.peer ?? null;
  const folder = started ? scratch : null;

  console.log(`${new Date().toISOString()}  ${cpus()[0].model}, ${cpus().length} cores, ${threads} threads`);
  console.log(`${platform()} ${arch()}, Node ${process.version}`);
  if (started)
    console.log(
      `transformers ${started.versions.transformers} on torch ${started.versions.torch} in the same run`,
    );

  const small = await benchModel("small", folder);
  // First, while nothing but the model is in memory.
  await benchMemory(small, peer);
  await benchResponsiveness(small);
  await benchEngine(small, peer);
  await benchTiny(folder, peer);
  peer?.stop();
  await benchLoading();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
