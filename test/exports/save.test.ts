import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PatchableGraph, type Tensor, torch, UnknownOperatorError, ZeroPatch } from "../../native/lib";
import { ScratchFolder } from "../support/files";
import { examplesOf, floatLeaves, loadCase } from "./cases";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
beforeAll(() => {
  torch.setNumThreads(1);
  torch.library.register("mylib::twist", (x: Tensor, k: number) => torch.roll(x, [k], [-1]).mul(2));
});

it.each([
  "branches",
  "loops",
  "sizes",
  "custom",
  "conv-training",
  "modes",
  "gpt2",
  "derived",
  "trees",
  "in-place",
  "composites",
])("%s is the same graph after it was saved and loaded", async (name) => {
  const graph = await loadCase(name);
  const path = join(scratch.path, "saved.safetensors");
  await graph.save(path);
  const loaded = await PatchableGraph.load(path);
  expect([...loaded.nodes]).toEqual([...graph.nodes]);
  for (const { inputs, results } of examplesOf(name)) {
    const leaves = floatLeaves(await loaded.run(inputs));
    leaves.forEach((leaf, i) => {
      expect(torch.allclose(leaf, results[i], { rtol: 1e-5, atol: 1e-5 })).toBe(true);
    });
  }
  await expect(loaded.run({ x: torch.zeros([1, 2, 3, 4, 5]) })).rejects.toThrow();
});

it("keeps what is checked of the inputs", async () => {
  const path = join(scratch.path, "sizes.safetensors");
  await (await loadCase("sizes")).save(path);
  const loaded = await PatchableGraph.load(path);
  const [{ inputs }] = examplesOf("sizes");
  await expect(loaded.run({ ...inputs, x: torch.zeros([20, 4]) })).rejects.toThrow(
    /at least 3 and at most 16/,
  );
});

/** The version in the description, and the file with another one. */
function versionOf(path: string, other?: number): number {
  const text = readFileSync(path).toString("latin1");
  const found = /\\"version\\":(\d+)/.exec(text);
  if (!found) throw new Error("no version");
  if (other !== undefined) writeFileSync(path, text.replace(found[0], `\\"version\\":${other}`), "latin1");
  return Number(found[1]);
}

it("is in the oldest format that has what it needs, and a newer one is refused", async () => {
  const path = join(scratch.path, "version.safetensors");
  for (const [name, version] of [
    ["gpt2", 1],
    ["loops", 2],
    ["in-place", 2],
    ["composites", 3],
  ] as const) {
    await (await loadCase(name)).save(path);
    expect(versionOf(path), name).toBe(version);
  }
  versionOf(path, 4);
  await expect(PatchableGraph.load(path)).rejects.toThrow(/saved by a newer graphpatch \(format 4/);
});

it("keeps which patches cut a view off from what it shares its memory with", async () => {
  const path = join(scratch.path, "in-place.safetensors");
  const graph = await loadCase("in-place");
  await graph.save(path);
  const loaded = await PatchableGraph.load(path);
  const [{ inputs }] = examplesOf("in-place");
  for (const node of graph.nodes.keys()) {
    if (graph.nodes.get(node)?.kind !== "output") continue;
    const run = (one: PatchableGraph) => one.patch({ [node]: new ZeroPatch() }, () => one.run(inputs));
    const [mine, theirs] = [floatLeaves(await run(graph)), floatLeaves(await run(loaded))];
    mine.forEach((leaf, i) => {
      expect(torch.equal(leaf, theirs[i]), node).toBe(true);
    });
  }
});

it("asks for operators of TypeScript when it is loaded", async () => {
  const path = join(scratch.path, "custom.safetensors");
  await (await loadCase("custom")).save(path);
  const renamed = readFileSync(path).toString("latin1").replaceAll("mylib::twist", "mylib::other");
  writeFileSync(path, renamed, "latin1");
  await expect(PatchableGraph.load(path)).rejects.toThrow(UnknownOperatorError);
});
