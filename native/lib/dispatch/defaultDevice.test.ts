import { describe, expect, test } from "vitest";
import { torch } from "../torch";
import { withDefaultDevice } from "./defaultDevice";

const onMeta = <T>(body: () => T): T => withDefaultDevice("meta", body);

describe("a default device", () => {
  test("is where new tensors are made, unless they are told", () => {
    const made = onMeta(() => [
      torch.zeros([2]),
      torch.arange(3),
      torch.full([2], 1.5, { dtype: "float16" }),
      torch.tensor([1, 2]),
      torch.randn([2], { requires_grad: true }),
      torch.zeros([2], { device: "cpu" }),
      torch.zeros_like(torch.zeros([2], { device: "cpu" })),
    ]);
    expect(made.map(({ device }) => device)).toEqual([...Array(5).fill("meta"), "cpu", "cpu"]);
    expect(made[4].requires_grad).toBe(true);
    expect(torch.zeros([2]).device).toBe("cpu");
  });

  test("ends with its body, also when that fails", () => {
    expect(() =>
      onMeta(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(torch.zeros([2]).device).toBe("cpu");
    expect(onMeta(() => withDefaultDevice("cpu", () => torch.zeros([1]).device))).toBe("cpu");
  });

  test("is where an operator computes whose arguments are on several", () => {
    const [here, there] = [torch.ones([2, 2]), torch.ones([2, 2], { device: "meta" })];
    expect(onMeta(() => here.add(there)).device).toBe("meta");
    expect(onMeta(() => torch.cat([here, there, here])).device).toBe("meta");
    expect(onMeta(() => torch.addmm(here, there, there)).device).toBe("meta");
    // On one device, or with a single number on the CPU, nothing is moved.
    expect(onMeta(() => here.add(here)).device).toBe("cpu");
    expect(onMeta(() => there.mul(torch.tensor(2, { device: "cpu" }))).device).toBe("meta");
    expect(() => here.add(there)).toThrow();
  });
});
