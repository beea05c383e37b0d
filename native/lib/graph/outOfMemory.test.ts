import { expect, test } from "vitest";
import { OutOfMemoryError } from "../errors";
import { Module } from "../nn";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { PatchableGraph } from "./patchableGraph";

/** Each number with each other one. */
class Pairs extends Module {
  forward(x: Tensor): Tensor {
    return x.unsqueeze(0).add(x.unsqueeze(1));
  }
}

test("a node that there is no memory for is named", async () => {
  const pg = await PatchableGraph.capture(new Pairs(), torch.ones([3]));
  const running = pg.run(torch.ones([2 ** 22]));
  await expect(running).rejects.toThrow(OutOfMemoryError);
  await expect(running).rejects.toThrow(/It was asked for by aten::add at node add\./);
});
