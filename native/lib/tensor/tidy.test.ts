import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { torch } from "../torch";
import type { Tensor } from "./tensor";

describe("tidy", () => {
  it("frees what is made inside, except what it returns", () => {
    let inner: Tensor | undefined;
    const { sum } = torch.tidy(() => {
      inner = torch.ones([10]);
      return { sum: inner.sum(), list: [inner.mul(2)] };
    });
    expect(sum.item()).toBe(10);
    expect(inner?.isDisposed).toBe(true);
  });

  it("lasts across awaits, and leaves what others make meanwhile alone", async () => {
    let inner: Tensor | undefined;
    const tidied = torch.tidy(async () => {
      inner = torch.ones([1]);
      await setTimeout(5);
      return inner.add(torch.ones([1]));
    });
    const outside = torch.ones([3]);
    const result = await tidied;
    expect(result.item()).toBe(2);
    expect(inner?.isDisposed).toBe(true);
    expect(outside.isDisposed).toBe(false);
  });

  it("hands what an inner tidy returns to the outer one", () => {
    let kept: Tensor | undefined;
    torch.tidy(() => {
      kept = torch.tidy(() => torch.ones([1]));
      expect(kept.isDisposed).toBe(false);
    });
    expect(kept?.isDisposed).toBe(true);
  });

  it("frees when the body throws", async () => {
    let inner: Tensor | undefined;
    const fail = () => {
      inner = torch.ones([1]);
      throw new Error("stop");
    };
    expect(() => torch.tidy(fail)).toThrow("stop");
    expect(inner?.isDisposed).toBe(true);
    await expect(torch.tidy(async () => fail())).rejects.toThrow("stop");
    expect(inner?.isDisposed).toBe(true);
  });
});
