import { beforeAll, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { Linear, Module } from "../../native/lib/nn";
import { AddPatch, ScalePatch } from "../../native/lib/patches";
import { SweepCancelledError, type SweepOptions } from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";

class Noisy extends Module {
  readonly first = new Linear(8, 8);
  readonly last = new Linear(8, 3);

  /** @param trains whether dropout is on */
  constructor(readonly trains: boolean) {
    super();
  }

  forward(x: Tensor): Tensor {
    return this.last.call(torch.dropout(this.first.call(x), 0.5, this.trains));
  }
}

let pg: PatchableGraph<Noisy>;
const x = torch.ones([2, 8]);
const scales = [1, 2, 3, 4];
const options = (): SweepOptions => ({
  inputs: x,
  cells: scales.map((factor) => ({ first: new ScalePatch({ factor }) })),
  metric: ({ output }) => output.sum(1),
  outputs: ["output"],
});

beforeAll(async () => {
  torch.manual_seed(0);
  pg = await PatchableGraph.capture(new Noisy(true), x);
});

test("with a seed each cell is the patched run after torch.manual_seed", async () => {
  const map = await pg.sweep({ ...options(), seed: 5 });
  for (const [i, factor] of scales.entries()) {
    torch.manual_seed(5);
    const output = await pg.patch({ first: new ScalePatch({ factor }) }, () => pg.run(x));
    expect(map.samples[i]).toEqual(output.sum(1).tolist());
  }
  // What changes nothing is the base.
  expect(map.samples[0]).toEqual(map.base);
  expect(map.levels.find(({ level }) => level === "upstream")).toMatchObject({
    cells: 0,
    why: "the graph draws random numbers",
  });
});

test("the same seed gives the same numbers again: exact or not, taken up again, a cell by itself; another one others", async () => {
  const map = await pg.sweep({ ...options(), seed: 5 });
  const exact = await pg.sweep({ ...options(), seed: 5, exact: true, memoryLimit: 1 });
  expect(exact.samples).toEqual(map.samples);
  expect(await map.cell(2).run()).toEqual(map.samples[2]);
  const abort = new AbortController();
  const error = await pg
    .sweep({ ...options(), seed: 5, signal: abort.signal, onCells: () => abort.abort() })
    .catch((reason: unknown) => reason);
  const { result } = error as SweepCancelledError;
  expect(error).toBeInstanceOf(SweepCancelledError);
  expect(result.done).toBe(1);
  expect((await pg.sweep({ ...options(), seed: 5, resume: result })).samples).toEqual(map.samples);
  expect((await pg.sweep({ ...options(), seed: 6 })).samples).not.toEqual(map.samples);
});

test("without one each run draws its own", async () => {
  const map = await pg.sweep(options());
  const again = await pg.sweep(options());
  expect(again.samples).not.toEqual(map.samples);
});

test("dropout that is off, and random numbers that the metric does not depend on, leave sweeps as they are", async () => {
  const still = await PatchableGraph.capture(new Noisy(false), x);
  const cells = scales.map((value) => ({ first: new AddPatch({ value }) }));
  const used = async (graph: PatchableGraph<Noisy>, more: Partial<SweepOptions>) => {
    const { levels } = await graph.sweep({ ...options(), cells, ...more });
    return levels.find(({ level }) => level === "upstream")?.cells;
  };
  expect(await used(still, {})).toBe(4);
  expect(await used(pg, { metric: ({ first }) => first.sum(1), outputs: ["first"] })).toBe(4);
  expect(await used(pg, {})).toBe(0);
});
