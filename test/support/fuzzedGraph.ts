import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { GraphpatchError } from "../../native/lib/errors";
import { PatchableGraph, sym } from "../../native/lib/graph";
import { Linear, Module } from "../../native/lib/nn";
import { ProbePatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import { ScratchFolder } from "./files";
import { SavedGraphBytes } from "./savedGraph";

export const scratch = new ScratchFolder();
export const path = join(scratch.path, "saved.safetensors");

/** Every kind of node and argument in few nodes. */
export class Small extends Module {
  readonly proj = new Linear(3, 3);

  forward({ x }: { x: Tensor }): object {
    if (x.shape[2] !== 3) throw new Error("three");
    const [left, right] = this.proj.call(x).split([1, 2], -1);
    const joined = torch.cat([right, left], -1).view([x.size(0), sym.mul(x.size(1), 3)]);
    const masked = joined.masked_fill(joined.gt(0), Number.NEGATIVE_INFINITY).to("float64");
    return { out: [masked.sum(0), { half: sym.floordiv(x.size(1), 2) }], plain: [1, "text", null] };
  }
}

export const inputs = { x: torch.ones([2, 4, 3]) };
/** What {@link useSavedGraph} saved. */
export let bytes: Buffer;
export let saved: SavedGraphBytes;

/** Saves the graph before the tests of a file. */
export function useSavedGraph(): void {
  beforeAll(async () => {
    const pg = await PatchableGraph.capture(new Small(), inputs);
    await pg.save(path);
    bytes = readFileSync(path);
    saved = new SavedGraphBytes(path);
  });
  afterAll(() => scratch[Symbol.dispose]());
}

/** Loads, looks at everything and runs: the outcome is a graph or an error of this package. */
export async function outcome(content: Uint8Array): Promise<"loaded" | GraphpatchError> {
  try {
    const pg = await PatchableGraph.load(scratch.write("fuzzed.safetensors", content));
    String(pg);
    const names = [...pg.nodes.keys()];
    for (const name of names) pg.node(name);
    await ran(() => pg.run(inputs));
    await ran(() => pg.patch({ [names[names.length >> 1]]: new ProbePatch() }, () => pg.run(inputs)));
    return "loaded";
  } catch (error) {
    if (error instanceof GraphpatchError) return error;
    throw error;
  }
}

/** A graph with other numbers in it may fail when it runs, but only in our words. */
export async function ran(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof GraphpatchError)) throw error;
  }
}

export async function messageOf(content: Uint8Array): Promise<string> {
  const result = await outcome(content);
  return result === "loaded" ? result : `${result.name}: ${result.message}`;
}
