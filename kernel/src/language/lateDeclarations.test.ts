import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import ts from "typescript";
import { expect, it, vi } from "vitest";
import { LateDeclarations, lateModulesIn, lateNodeModules } from "./lateDeclarations";

const MODULE = /^declare module ["'](.+)["']/gm;

it("leaves a module of Node out with all the files that declare it", () => {
  const late = new Map(lateNodeModules());
  for (const name of ["fs", "node:fs", "http2", "node:test", "inspector/promises", "undici-types"])
    expect(late.has(name), name).toBe(true);
  // What is global must be there: buffer, process, URL, timers, …
  for (const name of ["buffer", "process", "url", "timers", "crypto"])
    expect(late.has(name), name).toBe(false);
  const files = new Set([...late.values()].flat());
  for (const file of files) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(MODULE))
      expect(late.get(name)).toContain(file);
  }
  expect(builtinModules.filter((name) => late.has(name)).length).toBeGreaterThan(30);
});

it("knows what declarations import by its path", () => {
  const text = 'const a: import("/x/a").A; const b: typeof import("C:\\\\b").b; const c: import("/x/a").C;';
  expect([...lateModulesIn(text)]).toEqual([
    ["/x/a", ["/x/a.d.ts"]],
    ["C:\\b", ["C:\\b.d.ts"]],
  ]);
});

it("is read when a check looks for it, which is then done again", () => {
  const late = new LateDeclarations([["big", ["/big.d.ts"]]]);
  const files = new Map([
    ["/big.d.ts", 'declare module "big" { const x: number; }'],
    ["/cell.ts", 'import { x } from "big"; const y: string = x;'],
    ["/other.ts", "const z: string = 1;"],
  ]);
  const watching = vi.fn();
  const system = late.system({
    readFile: (path: string) => files.get(path),
    watchFile: watching,
  } as unknown as ts.System);
  const changed = vi.fn();
  system.watchFile?.("/big.d.ts", changed);
  expect(watching).not.toHaveBeenCalled();
  const reads: string[][] = [];
  const check = (root: string) =>
    late.complete(() => {
      const read: string[] = [];
      const host: ts.CompilerHost = {
        ...ts.createCompilerHost({}),
        fileExists: (path) => files.has(path),
        readFile: (path) => system.readFile(path),
        getSourceFile: (path, version) => {
          const text = system.readFile(path);
          if (text) read.push(path);
          return text === undefined ? undefined : ts.createSourceFile(path, text, version);
        },
      };
      const options = { noLib: true, types: [], skipLibCheck: true };
      const program = ts.createProgram([root, "/big.d.ts"], options, host);
      late.follow(program);
      reads.push(read);
      return program.getSemanticDiagnostics(program.getSourceFile(root)).map(({ code }) => code);
    });
  expect(check("/other.ts")).toEqual([2322]);
  expect(reads).toEqual([["/other.ts"]]);
  expect(check("/cell.ts")).toEqual([2322]);
  expect(reads.slice(1)).toEqual([["/cell.ts"], ["/cell.ts", "/big.d.ts"]]);
  expect(changed).toHaveBeenCalledExactlyOnceWith("/big.d.ts", ts.FileWatcherEventKind.Changed);
});
