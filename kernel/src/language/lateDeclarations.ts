import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** A module, and the files that declare it. */
export type LateModule = readonly [name: string, files: readonly string[]];

/**
 * Declarations that the compiler reads when a cell first needs them. Until then their files are empty for it. Which modules it looked
 * for in vain is known after a check, which is then done again with them: most cells need few, and reading all of them is what a
 * compiler does when it starts, and what its memory holds.
 */
export class LateDeclarations {
  readonly #late: ReadonlyMap<string, readonly string[]>;
  readonly #hidden: Set<string>;
  readonly #watchers = new Map<string, ts.FileWatcherCallback>();
  readonly #wanted = new Set<string>();
  #program: ts.Program | null = null;

  constructor(late: Iterable<LateModule>) {
    this.#late = new Map(late);
    this.#hidden = new Set([...this.#late.values()].flat());
  }

  /** The file system in which files that are not needed yet are empty. */
  system(sys: ts.System): ts.System {
    return Object.assign(Object.create(sys) as ts.System, {
      readFile: (path: string, encoding?: string) =>
        this.#hidden.has(path) ? "" : sys.readFile(path, encoding),
      watchFile: (path: string, changed: ts.FileWatcherCallback, ...rest: never[]): ts.FileWatcher => {
        if (!this.#hidden.has(path)) return sys.watchFile?.(path, changed, ...rest) ?? { close() {} };
        this.#watchers.set(path, changed);
        return { close: () => void this.#watchers.delete(path) };
      },
    });
  }

  /** Listens to which modules the checker of a program looks for, and no more to the program before. */
  follow(program: ts.Program | null): void {
    this.#program = program;
    if (!program) return;
    const internals = program as ts.Program & { getResolvedModule(...args: unknown[]): unknown };
    const { getResolvedModule } = internals;
    internals.getResolvedModule = (file, specifier, ...rest) => {
      if (program === this.#program && this.#isHidden(specifier as string))
        this.#wanted.add(specifier as string);
      return getResolvedModule(file, specifier, ...rest);
    };
  }

  /** Whether what was checked is to be checked again, with more declarations. */
  get isWanting(): boolean {
    return this.#wanted.size > 0;
  }

  /** Does `work`, again for as long as it looks for declarations that are not there. */
  complete<T>(work: () => T): T {
    for (;;) {
      this.#wanted.clear();
      const result = work();
      if (!this.isWanting) return result;
      this.reveal(this.#wanted);
    }
  }

  /** Lets the compiler read what declares these modules; all of them unless given. */
  reveal(modules: Iterable<string> = this.#late.keys()): void {
    for (const path of [...modules].flatMap((name) => this.#late.get(name) ?? [])) {
      if (this.#hidden.delete(path)) this.#watchers.get(path)?.(path, ts.FileWatcherEventKind.Changed);
    }
  }

  #isHidden(specifier: string): boolean {
    return this.#late.get(specifier)?.some((path) => this.#hidden.has(path)) ?? false;
  }
}

/** The files that declarations import by their paths: `import("/folder/file").Name`. */
export function lateModulesIn(declarations: string): Iterable<LateModule> {
  const names = new Set(
    [...declarations.matchAll(/\bimport\(("[^"]+")\)/g)].map(([, name]) => JSON.parse(name) as string),
  );
  return [...names].map((name) => [name, [`${name}.d.ts`]]);
}

const REFERENCE = /^\/\/\/ <reference path="(.+)" \/>$/gm;
const MODULE = /^declare module ["'](.+)["']/gm;
/** What a file adds to the globals is needed from the start. */
const HAS_GLOBALS = /^\s*(?:declare )?global \{|^(?:declare (?!module )|interface |type |import |export )/m;

/** The modules of Node whose declarations add no globals, and the declarations of its `fetch`. */
export function lateNodeModules(): Iterable<LateModule> {
  const folder = dirname(require.resolve("@types/node/package.json"));
  const index = readFileSync(join(folder, "index.d.ts"), "utf8");
  const late = new Map<string, string[]>();
  for (const [, name] of index.matchAll(REFERENCE)) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    if (HAS_GLOBALS.test(text)) continue;
    for (const [, module] of text.matchAll(MODULE)) late.set(module, [...(late.get(module) ?? []), path]);
  }
  const fetchTypes = require.resolve("undici-types/package.json", { paths: [folder] });
  late.set("undici-types", [join(dirname(fetchTypes), "index.d.ts")]);
  return late;
}
