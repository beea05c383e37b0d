import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const STATIC = resolve(__dirname, "../../extension/labextension/static");

/** Chunks by what they hold: a text that is in this one alone, and survives minifying. */
const OTHERS = [
  { part: "plotly", isIt: (name: string) => name.startsWith("plotly.") },
  { part: "layout (dagre)", isIt: (name: string) => name.startsWith("graphpatch-layout.") },
  { part: "loader", isIt: (name: string) => name.startsWith("remoteEntry.") || name === "style.js" },
  { part: "virtual list", isIt: (_: string, code: string) => code.includes("getVirtualItems=") },
  { part: "styles", isIt: (_: string, code: string) => code.includes(".gp-Browser {") },
];

test("own code of the built extension stays small, and plotly is a chunk of its own", () => {
  const sizes: Record<string, number> = {};
  for (const name of readdirSync(STATIC).filter((file) => file.endsWith(".js"))) {
    const code = readFileSync(join(STATIC, name), "utf8");
    const part = OTHERS.find(({ isIt }) => isIt(name, code))?.part ?? "own";
    sizes[part] = (sizes[part] ?? 0) + Buffer.byteLength(code);
  }
  expect(Object.keys(sizes).sort()).toEqual(
    ["layout (dagre)", "loader", "own", "plotly", "styles", "virtual list"].sort(),
  );
  expect(sizes.own, JSON.stringify(sizes)).toBeLessThan(150_000);
  expect(sizes.plotly).toBeGreaterThan(1_000_000);
});
