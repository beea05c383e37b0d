import { isAscii } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { dirname } from "node:path";
import { Script } from "node:vm";
import type { StartCache } from "./startCache";

const ENTRY = "compiler.code";

/** Gives the compiler a place among the loaded modules, as `require("typescript")` would. */
interface LoadableModule extends NodeJS.Module {
  filename: string;
  loaded: boolean;
}

/**
 * Loads the TypeScript compiler with the machine-independent code that V8 made of it in an earlier kernel: of nine megabytes of source,
 * what kernels use.
 * @returns keeps the code for later kernels; to be called once the compiler has done what it does in every kernel
 */
export function loadCompiler(cache: StartCache): () => void {
  const file = require.resolve("typescript");
  const { size, mtimeMs } = statSync(file);
  // V8 itself compares its version, and of the source the length alone.
  const source = [file, size, mtimeMs, process.version, process.arch].join(" ");
  const { script, isKnown } = compile(file, cache.read(ENTRY, source) ?? undefined);
  const own = new Module(file, module) as LoadableModule;
  own.filename = file;
  require.cache[file] = own;
  script.runInThisContext()(own.exports, createRequire(file), own, file, dirname(file));
  own.loaded = true;
  return () => {
    if (!isKnown) cache.write(ENTRY, source, script.createCachedData());
  };
}

function compile(filename: string, cachedData: Buffer | undefined): { script: Script; isKnown: boolean } {
  const [before, after] = (Module as unknown as { wrapper: readonly string[] }).wrapper;
  const code = Buffer.concat([Buffer.from(before), readFileSync(filename), Buffer.from(after)]);
  // A long string of single bytes stays outside of V8's heap, and is not copied.
  const text = code.toString(isAscii(code) ? "latin1" : "utf8");
  const script = new Script(text, { filename, cachedData });
  return { script, isKnown: cachedData !== undefined && !script.cachedDataRejected };
}
