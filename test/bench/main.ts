import { mkdtempSync, rmSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { torch } from "@graphpatch/native";
import { benchEngine, benchTiny } from "./engine";
import { benchKernel } from "./kernel";
import { benchMemory } from "./memory";
import { benchModel, longIds } from "./models";
import { Peer } from "./peer";
import { benchResponsiveness } from "./responsiveness";
import { benchSaveLoad } from "./saveLoad";
import { benchArchiveSweep, benchLongSweep, benchSweep } from "./sweep";
import { benchTrace } from "./trace";
import { benchWeightForms } from "./weightForms";

const threads = Number(process.env.THREADS ?? 2);

async function main(): Promise<void> {
  torch.setNumThreads(threads);
  const python = process.env.BENCH_PYTHON;
  const scratch = mkdtempSync(join(tmpdir(), "graphpatch-bench-"));
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const script = join(__dirname, "..", "peers.py");
  const started = python
    ? await Peer.start(python, script, [scratch, String(threads), JSON.stringify(longIds)])
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
  const parts: Record<string, () => unknown> = {
    // First, while nothing but the model is in memory.
    memory: () => benchMemory(small, peer),
    responsiveness: () => benchResponsiveness(small),
    // Before the garbage of large runs is there to be collected.
    tiny: () => benchTiny(folder, peer),
    engine: () => benchEngine(small, peer),
    map: () => benchSweep(small, peer),
    longMap: () => benchLongSweep(small, peer),
    archiveMap: () => peer && benchArchiveSweep(small, peer),
    trace: async () => benchTrace(await benchModel("smollm2", null), peer),
    peerEnds: () => peer?.stop(),
    saveLoad: () => benchSaveLoad(small, scratch),
    weightForms: () => benchWeightForms(),
    kernel: () => benchKernel(scratch),
  };
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in parts));
  if (unknown.length > 0) throw new Error(`no part ${unknown}; there are ${Object.keys(parts).join(", ")}`);
  for (const [name, part] of Object.entries(parts)) {
    if (wanted.length === 0 || wanted.includes(name) || name === "peerEnds") await part();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
