import { join, sep } from "node:path";
import type ts from "typescript";

/** The package of types, which is on no disk, with what cells find without importing it. */
export const GLOBAL_TYPES = "graphpatch-globals";
/** Folder that it seems to lie in. */
export const GLOBAL_TYPES_ROOT = join(__dirname, "types");
const FOLDER = join(GLOBAL_TYPES_ROOT, GLOBAL_TYPES);
const FILE = join(FOLDER, "index.d.ts");

/**
 * A file system with the declarations of a cell's globals in it. As a package of types they are part of the compiler's first program; added
 * to it afterwards they would cost the time of a second.
 */
export function withGlobalTypes(sys: ts.System, declarations: string): ts.System {
  // A file that imports or exports something may `declare global`.
  const text = `export {};\n${declarations}`;
  return Object.assign(Object.create(sys) as ts.System, {
    fileExists: (path: string) => path === FILE || sys.fileExists(path),
    readFile: (path: string, encoding?: string) => (path === FILE ? text : sys.readFile(path, encoding)),
    directoryExists: (path: string) =>
      `${FOLDER}${sep}`.startsWith(`${path}${sep}`) || sys.directoryExists(path),
  });
}
