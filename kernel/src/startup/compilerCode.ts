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
  const cachedData = cache.read(ENTRY, source) ?? undefined;
  const script = new Script(Module.wrap(readFileSync(file, "utf8")), { filename: file, cachedData });
  const own = new Module(file, module) as LoadableModule;
  own.filename = file;
  require.cache[file] = own;
  script.runInThisContext()(own.exports, createRequire(file), own, file, dirname(file));
  own.loaded = true;
  return () => {
    if (!cachedData || script.cachedDataRejected) cache.write(ENTRY, source, script.createCachedData());
  };
}
