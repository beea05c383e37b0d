import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type CausalLM, PatchableGraph } from "@graphpatch/native";
import { median, timed } from "./measure";
import { benchInputs } from "./models";
import { megabytes, milliseconds, printFigures } from "./report";

const PIECE = 8 << 20;
const ROUNDS = 5;

/** What the disk does with the same bytes: written from memory in pieces, and synced. */
async function writePlain(path: string, content: Buffer): Promise<void> {
  const file = await open(path, "w");
  for (let at = 0; at < content.length; at += PIECE) {
    await file.write(content, at, Math.min(PIECE, content.length - at), at);
  }
  await file.sync();
  await file.close();
}

/** Saves, and gives by how much more memory was resident meanwhile. */
async function memoryOfSaving(pg: PatchableGraph<CausalLM>, path: string): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const onProgress = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  await pg.save(path, { onProgress });
  return most - before;
}

/** Saving and loading a graph of 500 MB in `scratch`, beside what the disk does with the same bytes in the same rounds. */
export async function benchSaveLoad(model: CausalLM, scratch: string): Promise<void> {
  const inputs = benchInputs("small");
  const pg = await PatchableGraph.capture(model, { ...inputs });
  const path = join(scratch, "graph.safetensors");
  const plainPath = join(scratch, "plain");
  const times = { save: [] as number[], plain: [] as number[], load: [] as number[] };

  const saving = await memoryOfSaving(pg, path);
  const before = process.memoryUsage.rss();
  for (let i = 0; i < ROUNDS; i++) times.load.push(await timed(() => PatchableGraph.load(path))());
  const loaded = await PatchableGraph.load<CausalLM>(path);
  const loading = process.memoryUsage.rss() - before;
  const first = await timed(() => loaded.run({ ...inputs }))();
  const second = await timed(() => loaded.run({ ...inputs }))();

  const content = await readFile(path);
  // A file that is new each time: replacing one also frees the old one's memory.
  for (let i = 0; i < ROUNDS; i++) {
    await rm(path);
    times.save.push(await timed(() => pg.save(path))());
    times.plain.push(await timed(() => writePlain(plainPath, content))());
    await rm(plainPath);
  }
  const withRate = (ms: number) =>
    `${milliseconds(ms)}, ${(content.length / 2 ** 20 / (ms / 1000)).toFixed(0)} MB/s`;
  printFigures(`Save and load of GPT-2 small, ${megabytes(content.length)}; medians of ${ROUNDS}`, [
    {
      name: "save",
      measured: withRate(median(times.save)),
      asked: `disk: ${withRate(median(times.plain))}`,
    },
    { name: "memory while saving", measured: megabytes(saving) },
    { name: "load, which maps the weights", measured: milliseconds(median(times.load)) },
    { name: "memory of loading", measured: megabytes(Math.max(0, loading)) },
    { name: "first run, which finds the weights in the mapped file", measured: milliseconds(first) },
    { name: "second run", measured: milliseconds(second) },
  ]);
}
