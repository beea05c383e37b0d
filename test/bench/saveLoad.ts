import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type CausalLM, type CausalLMInputs, PatchableGraph } from "@graphpatch/native";
import { median, timed } from "./measure";

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

/** Saving and loading a graph: rows for a table. Each save is followed by a plain write of the same bytes. */
export async function saveAndLoad(
  pg: PatchableGraph<CausalLM>,
  inputs: CausalLMInputs,
  folder: string,
): Promise<string[][]> {
  const path = join(folder, "graph.safetensors");
  const plainPath = join(folder, "plain");
  const times = { save: [] as number[], plain: [] as number[], load: [] as number[] };
  const before = process.memoryUsage.rss();
  let most = before;
  const onProgress = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  await pg.save(path, { onProgress });
  const beforeLoad = process.memoryUsage.rss();
  for (let round = 0; round < ROUNDS; round++)
    times.load.push(await timed(() => PatchableGraph.load(path))());
  const loaded = await PatchableGraph.load<CausalLM>(path);
  const afterLoad = process.memoryUsage.rss();
  const first = await timed(() => loaded.run({ ...inputs }))();
  const second = await timed(() => loaded.run({ ...inputs }))();
  const read = await timed(() => readFile(path))();
  const content = await readFile(path);
  // A file that is new each time: replacing one also frees the old one's memory.
  for (let round = 0; round < ROUNDS; round++) {
    await rm(path);
    times.save.push(await timed(() => pg.save(path))());
    times.plain.push(await timed(() => writePlain(plainPath, content))());
    await rm(plainPath);
  }
  const bytes = content.length;
  const rate = (ms: number) => `${(bytes / 2 ** 20 / (ms / 1000)).toFixed(0)} MB/s`;
  const ms = (time: number) => `${time.toFixed(1)} ms`;
  const megabytes = (count: number) => `${(count / 2 ** 20).toFixed(0)} MB`;
  return [
    ["file", megabytes(bytes), ""],
    [`save, median of ${ROUNDS}`, ms(median(times.save)), rate(median(times.save))],
    ["the same bytes, written and synced", ms(median(times.plain)), rate(median(times.plain))],
    ["most resident while saving, above before", megabytes(most - before), ""],
    [`load, median of ${ROUNDS}`, ms(median(times.load)), ""],
    ["resident after loading, above before", megabytes(afterLoad - beforeLoad), ""],
    ["first run, which reads the file", ms(first), rate(first)],
    ["second run", ms(second), ""],
    ["the file read into memory", ms(read), rate(read)],
  ];
}
