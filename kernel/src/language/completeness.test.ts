import { expect, it } from "vitest";
import { completeness } from "./completeness";

it.each([
  ["1 + 1", "complete"],
  ["", "complete"],
  ["// comment", "complete"],
  ["await f()", "complete"],
  ["if (x) {", "incomplete"],
  ["f(1,", "incomplete"],
  ["`open ${", "incomplete"],
  ["/* open", "incomplete"],
  ["const a =", "incomplete"],
  ["const = 3", "invalid"],
  ["}", "invalid"],
  ['const s = "open\nmore', "invalid"],
  ["%timeit x", "unknown"],
])("%j is %s", (code, status) => {
  expect(completeness(code).status).toBe(status);
});

it("indents one step deeper after an opening bracket", () => {
  expect(completeness("  if (x) {")).toEqual({ status: "incomplete", indent: "    " });
  expect(completeness("f(1,")).toEqual({ status: "incomplete", indent: "" });
});
