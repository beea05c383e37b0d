import { describe, expect, it } from "vitest";
import { describeSize, formatBytes } from "./details";

describe("sizes", () => {
  it("counts values and bytes", () => {
    expect(describeSize({ shape: [1, 13, 1536], dtype: "float32" })).toBe("19,968 values, 79.9 kB");
    expect(describeSize({ shape: [], dtype: "bool" })).toBe("1 value, 1 bytes");
    expect(describeSize({ shape: [3], dtype: "quint8" })).toBe("3 values");
    expect(describeSize({ shape: null, dtype: null })).toBeNull();
  });

  it("writes bytes", () => {
    expect(formatBytes(999)).toBe("999 bytes");
    expect(formatBytes(2_147_483_648)).toBe("2.15 GB");
  });
});
