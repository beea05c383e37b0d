import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { GraphpatchError, PatchError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { Module } from "../../native/lib/nn";
import { ProbePatch, ReplacePatch } from "../../native/lib/patches";
import type { SliceItem } from "../../native/lib/tensor/slice";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";

type WrittenItem = Exclude<SliceItem, Tensor> | { tensor: number | boolean | number[][] };

/** A slice of x; what PyTorch gives for it, or nothing where PyTorch refuses it. */
interface Case {
  slice: WrittenItem[];
  shape?: number[];
  values?: number[];
}

const fixture = readFileSync(join(FIXTURES, "torch", "slicing.json"), "utf8");
const cases = (JSON.parse(fixture) as { random: Case[] }).random.map((written) => ({
  ...written,
  text: JSON.stringify(written.slice),
}));
const x = torch.arange(120).reshape([3, 4, 2, 5]);

function sliceOf({ slice }: Case): SliceItem[] {
  return slice.map((item) => {
    const isTensor = typeof item === "object" && item !== null && "tensor" in item;
    return isTensor ? torch.tensor(item.tensor) : (item as SliceItem);
  });
}

/** x after -7 was written to the slice: each element of x is its own place in x. */
function written({ values = [] }: Case): number[] {
  const places = new Set(values);
  return Array.from({ length: 120 }, (_, i) => (places.has(i) ? -7 : i));
}

class Identity extends Module {
  forward(input: Tensor): Tensor {
    return input.add(0);
  }
}

let pg: PatchableGraph;
beforeAll(async () => {
  pg = await PatchableGraph.capture(new Identity(), x);
});

describe.each(cases.filter(({ shape }) => shape !== undefined))("$text", (sliced) => {
  test("read and written as in PyTorch", () => {
    const part = x.at(sliceOf(sliced));
    expect(part.shape).toEqual(sliced.shape);
    expect(part.reshape([-1]).tolist()).toEqual(sliced.values);
    const changed = x.clone().setAt(sliceOf(sliced), -7);
    expect(changed.reshape([-1]).tolist()).toEqual(written(sliced));
  });

  test("probed and replaced by patches", async () => {
    const probe = new ProbePatch({ slice: sliceOf(sliced) });
    const replace = new ReplacePatch({ value: -7, slice: sliceOf(sliced) });
    const result = (await pg.patch({ add: [probe, replace] }, () => pg.run(x))) as Tensor;
    expect(probe.activation.shape).toEqual(sliced.shape);
    expect(probe.activation.reshape([-1]).tolist()).toEqual(sliced.values);
    expect(result.reshape([-1]).tolist()).toEqual(written(sliced));
  });
});

test.each(cases.filter(({ shape }) => shape === undefined))("$text is refused", async (sliced) => {
  expect(() => x.at(sliceOf(sliced))).toThrow(GraphpatchError);
  const probe = new ProbePatch({ slice: sliceOf(sliced) });
  await expect(pg.patch({ add: probe }, () => pg.run(x))).rejects.toThrow(PatchError);
});
