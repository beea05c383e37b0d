import { join, sep } from "node:path";
import ts from "typescript";

/** The package of types, which is on no disk, with what cells find without importing it. */
export const GLOBAL_TYPES = "graphpatch-globals";
/** Folder that it seems to lie in. */
export const GLOBAL_TYPES_ROOT = join(__dirname, "types");
const FOLDER = join(GLOBAL_TYPES_ROOT, GLOBAL_TYPES);
const FILE = join(FOLDER, "index.d.ts");
const CHANGING = join(FOLDER, "changing.d.ts");

/**
 * The declarations of a cell's globals, for the compiler. As files of its first program they cost no second one, and those that
 * change leave its structure as it was.
 */
export class GlobalTypes {
  readonly #texts: Map<string, string>;
  #changed: ts.FileWatcherCallback | null = null;

  /**
   * @param fixed `declare global { … }`
   * @param changing the same, to be replaced later; what it imports must stay the same
   */
  constructor(fixed: string, changing: string) {
    this.#texts = new Map([
      // A file that imports or exports something may `declare global`.
      [FILE, `/// <reference path="changing.d.ts" />\nexport {};\n${fixed}`],
      [CHANGING, changing],
    ]);
  }

  /** The file system with the package in it. */
  system(sys: ts.System): ts.System {
    return Object.assign(Object.create(sys) as ts.System, {
      fileExists: (path: string) => this.#texts.has(path) || sys.fileExists(path),
      readFile: (path: string, encoding?: string) => this.#texts.get(path) ?? sys.readFile(path, encoding),
      directoryExists: (path: string) =>
        `${FOLDER}${sep}`.startsWith(`${path}${sep}`) || sys.directoryExists(path),
      watchFile: (path: string, changed: ts.FileWatcherCallback, ...rest: never[]) => {
        if (path !== CHANGING) return sys.watchFile?.(path, changed, ...rest);
        this.#changed = changed;
        return { close() {} };
      },
    });
  }

  change(text: string): void {
    this.#texts.set(CHANGING, text);
    this.#changed?.(CHANGING, ts.FileWatcherEventKind.Changed);
  }
}
