import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { torch } from "../torch";
import type { Tensor } from "./tensor";

const MEGABYTE = 2 ** 20;
// Well above what the collector lets pile up between two rounds, well below what a leak would reach.
const LIMIT = 600 * MEGABYTE;

describe("memory", () => {
  it("counts a storage once, however many tensors share it", () => {
    const before = torch.memory();
    const x = torch.ones([MEGABYTE / 4]);
    const views = [x.at("1:"), x.view([-1, 4]), x.detach()];
    const during = torch.memory();
    expect(during.bytes - before.bytes).toBe(MEGABYTE);
    expect(during.tensors - before.tensors).toBe(4);
    for (const view of views) view.dispose();
    expect(torch.memory().bytes - before.bytes).toBe(MEGABYTE);
    x.dispose();
    expect(torch.memory()).toEqual(before);
  });

  it("is given back in a loop that never yields", () => {
    const x = torch.ones([MEGABYTE / 4]);
    const start = process.memoryUsage().rss;
    let largest = 0;
    for (let i = 0; i < 4000; i++) {
      x.add(1);
      if (i % 500 === 0) largest = Math.max(largest, process.memoryUsage().rss - start);
    }
    expect(largest).toBeLessThan(LIMIT);
    expect(torch.memory().bytes).toBeLessThan(LIMIT);
  });

  it("is given back in a loop that awaits", async () => {
    const x = torch.ones([MEGABYTE / 4]);
    const start = process.memoryUsage().rss;
    for (let i = 0; i < 2000; i++) {
      x.add(1);
      if (i % 10 === 0) await setImmediate();
    }
    expect(process.memoryUsage().rss - start).toBeLessThan(LIMIT);
  });

  it("stays as long as the engine thread works with it", async () => {
    const w = torch.ones([1000, 1000], { requires_grad: true });
    let x: Tensor = w;
    for (let i = 0; i < 8; i++) x = x.mul(1.01);
    const loss = x.sum();
    const done = loss.backward();
    loss.dispose();
    x.dispose();
    await done;
    expect(Number(w.grad?.at("0, 0").item())).toBeCloseTo(1.01 ** 8, 4);
  });
});
