import { describe, expect, it } from "vitest";
import { tokenLabel, visibleText } from "./text";

describe("text of others", () => {
  it("shows what would hide or reorder it", () => {
    expect(visibleText("a\u202eb\u0000\n\t\u200b")).toBe("a\\u202eb\\u0000↵⇥\\u200b");
    expect(visibleText("<b>ü 日本</b>")).toBe("<b>ü 日本</b>");
  });

  it("shows the spaces of tokens", () => {
    expect(tokenLabel(" Paris")).toBe("␣Paris");
    expect(tokenLabel("a b  ")).toBe("a b␣␣");
    expect(tokenLabel("   ")).toBe("␣␣␣");
    expect(tokenLabel("")).toBe("∅");
    expect(tokenLabel("\n")).toBe("↵");
  });
});
