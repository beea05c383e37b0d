import { expect, it } from "vitest";
import { ModuleCalls } from "./moduleStack";

it("tells calls of one module under several names apart, as strict export writes them", () => {
  const calls = new ModuleCalls("", "Model");
  const linear = "torch.nn.modules.linear.Linear";
  const root = "L__self__,,Model";
  const [first, second, inList, first2] = [
    `${root};140604,a,${linear}`,
    `${root};140604@1,a,${linear}`,
    `${root};140604,l.0,${linear}`,
    `${root};140604,a,${linear}`,
  ].map((stack) => calls.find(stack));
  expect([first, second, inList].map(({ path }) => path)).toEqual(["a", "a", "l.0"]);
  expect(new Set([first, second, inList]).size).toBe(3);
  expect(first2).toBe(first);
  expect(calls.keyOf(second)).toBe("a@1");
});
