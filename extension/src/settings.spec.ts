import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS, readSettings } from "./settings";

const having = (values: Record<string, unknown>) => ({
  get: (key: string) => ({ composite: values[key] as never, user: undefined }),
});

describe("settings", () => {
  it("are read", () => {
    expect(readSettings(having({ order: "natural", foldThreshold: 0, insertOnClick: false }))).toEqual({
      order: "natural",
      foldThreshold: 0,
      insertOnClick: false,
    });
  });

  it("keep their defaults where a value is wrong", () => {
    expect(readSettings(having({ order: "odd", foldThreshold: -1, insertOnClick: "yes" }))).toEqual(
      DEFAULT_SETTINGS,
    );
    expect(readSettings(having({}))).toEqual(DEFAULT_SETTINGS);
  });
});
