import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { globalDeclarations } from "./declarations";
import { moduleExports } from "./moduleExports";

const folder = mkdtempSync(join(tmpdir(), "graphpatch-declarations-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it("declares values, types, generics and namespaces as globals", () => {
  write("layers.d.ts", "export declare class Linear { }");
  write(
    "parts.d.ts",
    `export declare class Graph<M extends Layer = Layer, const N extends string = string> { m: M; n: N }
     export interface Layer { }
     export declare const torch: Layer;
     declare function hidden(): void;
     type Shape = number[];
     export { hidden as shown, type Shape };`,
  );
  const index = write(
    "index.d.ts",
    'export * as nn from "./layers";\nexport { Graph, type Layer, torch, shown, Shape } from "./parts";',
  );
  expect(globalDeclarations("/m", moduleExports(index), [{ name: "display", type: "() => void" }])).toBe(
    `declare global {
const display: () => void;
namespace nn {
const Linear: typeof import("/m").nn.Linear;
type Linear = import("/m").nn.Linear;
}
const Graph: typeof import("/m").Graph;
type Graph<M extends Layer = Layer, const N extends string = string> = import("/m").Graph<M, N>;
type Layer = import("/m").Layer;
const torch: typeof import("/m").torch;
const shown: typeof import("/m").shown;
type Shape = import("/m").Shape;
}
`,
  );
});

it("follows modules that export each other", () => {
  write("a.d.ts", 'export * from "./b";\nexport declare const a: number;');
  const b = write("b.d.ts", 'export * from "./a";\nexport declare const b: number;');
  expect([...moduleExports(b).keys()].sort()).toEqual(["a", "b"]);
});
