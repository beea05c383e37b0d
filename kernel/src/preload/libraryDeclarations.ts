import { statSync } from "node:fs";
import type { StartCache } from "../startup/startCache";
import { globalDeclarations } from "./declarations";
import { ownGlobalTypes } from "./globals";
import { moduleExports } from "./moduleExports";

const ENTRY = "globals.json";

export interface LibraryDeclarations {
  /** `declare global { … }` of what cells find without importing it. */
  globals: string;
  /** Names of the library's values. */
  names: string[];
}

/**
 * What the library exports, from its declaration files, or from an earlier kernel that read them.
 * @param types the library's `index.d.ts`, which is written anew with all of them
 */
export function libraryDeclarations(types: string, cache: StartCache): LibraryDeclarations {
  const own = ownGlobalTypes();
  const { size, mtimeMs } = statSync(types);
  const source = JSON.stringify([types, size, mtimeMs, own]);
  const known = cache.read(ENTRY, source);
  if (known) return JSON.parse(known.toString("utf8")) as LibraryDeclarations;
  const exports = moduleExports(types);
  const found = {
    globals: globalDeclarations(types.replace(/\.d\.ts$/, ""), exports, own),
    names: [...exports].filter(([, { value }]) => value).map(([name]) => name),
  };
  cache.write(ENTRY, source, Buffer.from(JSON.stringify(found)));
  return found;
}
