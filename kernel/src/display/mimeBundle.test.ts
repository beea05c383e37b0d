import { describe, expect, it } from "vitest";
import { bundleOf, textBundle } from "./mimeBundle";

const DISPLAY = Symbol.for("Jupyter.display");

describe("bundleOf", () => {
  it("asks the object, Jupyter.display first", async () => {
    const value = { [DISPLAY]: () => ({ "text/html": "<b>" }), toMimeBundle: () => ({ "text/plain": "no" }) };
    expect(bundleOf(value, [])).toEqual({ data: { "text/html": "<b>" }, metadata: {} });
    expect(await bundleOf({ toMimeBundle: async () => ({ "text/plain": "late" }) }, [])).toEqual(
      textBundle("late"),
    );
  });

  it("takes a pair for data and metadata, and writes bytes as base64", () => {
    const value = {
      toMimeBundle: () => [{ "image/png": Uint8Array.of(1, 2, 3) }, { "image/png": { width: 1 } }],
    };
    expect(bundleOf(value, [])).toEqual({
      data: { "image/png": "AQID" },
      metadata: { "image/png": { width: 1 } },
    });
  });

  it("asks the displayers, then falls back to text", () => {
    expect(bundleOf(3, [() => null, (value) => textBundle(`number ${value}`)])).toEqual(
      textBundle("number 3"),
    );
    expect(bundleOf("a", [])).toEqual(textBundle("'a'"));
    expect(bundleOf({ toMimeBundle: () => null }, [])).toMatchObject({
      data: { "text/plain": expect.any(String) },
    });
  });
});
