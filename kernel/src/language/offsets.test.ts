import * as fc from "fast-check";
import { expect, it } from "vitest";
import { toCodePoints, toUtf16 } from "./offsets";

it("counts an emoji as one code point and two UTF-16 units", () => {
  expect(toUtf16("a😀b", 2)).toBe(3);
  expect(toCodePoints("a😀b", 3)).toBe(2);
});

it("goes there and back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(50), (text, position) => {
      const inside = Math.min(position, [...text].length);
      expect(toCodePoints(text, toUtf16(text, inside))).toBe(inside);
    }),
  );
});
