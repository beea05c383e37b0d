import { mkdtempSync, rmSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { torch } from "@graphpatch/native";
import { benchEngine, benchTiny } from "./engine";
import { benchKernel } from "./kernel";
import { benchMemory } from "./memory";
import { benchModel, inputIds } from "./models";
import { Peer } from "./peer";
import { benchResponsiveness } from "./responsiveness";
import { benchSaveLoad } from "./saveLoad";
import { benchSweep } from "./sweep";
import { benchWeightForms } from "./weightForms";

const threads = Number(process.env.THREADS ?? 2);

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
  await benchSweep(small, peer);
  peer?.stop();
  await benchSaveLoad(small, scratch);
  await benchWeightForms();
  benchKernel(scratch);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
