import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import ts from "typescript";

const MODULES_FOLDER = `${sep}node_modules${sep}`;
const CODE = /\.(?:[jt]sx?|[mc][jt]s)$/;

interface WatchedFile {
  changed: ts.FileWatcherCallback;
  version: string;
}

/**
 * The files beside the notebook that its cells import, and the folders where a missing one may come to be. In place of watchers, from
 * whose callbacks tslab 1.0.22 throws while a cell waits, they are looked at before a cell is compiled.
 */
export class WatchedFiles {
  readonly #directory: string;
  readonly #files = new Map<string, WatchedFile>();
  readonly #folders = new Map<string, ts.DirectoryWatcherCallback>();

  /** @param directory of the notebook; files elsewhere and in node_modules are taken not to change */
  constructor(directory: string) {
    this.#directory = directory + sep;
  }

  /** The file system with this in place of its watchers. */
  system(sys: ts.System): ts.System {
    return Object.assign(Object.create(sys) as ts.System, {
      watchFile: (path: string, changed: ts.FileWatcherCallback): ts.FileWatcher => {
        const own = path.startsWith(this.#directory) && !path.includes(MODULES_FOLDER);
        if (own) this.#files.set(path, { changed, version: versionOf(path) });
        return { close: () => void this.#files.delete(path) };
      },
      watchDirectory: (path: string, changed: ts.DirectoryWatcherCallback): ts.FileWatcher => {
        this.#folders.set(path, changed);
        return { close: () => void this.#folders.delete(path) };
      },
    });
  }

  /** Tells the compiler which files have changed since it read them. They run anew when imported next, as do those that import them. */
  refresh(): void {
    const changed: string[] = [];
    for (const [path, file] of this.#files) {
      const version = versionOf(path);
      if (version === file.version) continue;
      file.version = version;
      changed.push(path);
    }
    if (changed.length === 0) return;
    for (const path of this.#withImporters(changed)) {
      delete require.cache[path];
      const kind = existsSync(path) ? ts.FileWatcherEventKind.Changed : ts.FileWatcherEventKind.Deleted;
      this.#files.get(path)?.changed(path, kind);
    }
  }

  /** Lets the compiler look again for modules it did not find. */
  lookAgain(): void {
    for (const [path, changed] of this.#folders) changed(path);
  }

  #withImporters(changed: readonly string[]): Set<string> {
    const importers = new Map<string, string[]>();
    for (const path of this.#files.keys()) {
      for (const imported of CODE.test(path) ? importedFiles(path) : []) {
        importers.set(imported, [...(importers.get(imported) ?? []), path]);
      }
    }
    const found = new Set(changed);
    // A set visits what is added on the way.
    for (const path of found) {
      for (const form of [path, path.replace(CODE, ""), dirname(path)]) {
        for (const importer of importers.get(form) ?? []) found.add(importer);
      }
    }
    return found;
  }
}

/** What a file imports from files, as absolute paths, mostly without extension. */
function importedFiles(path: string): string[] {
  if (!existsSync(path)) return [];
  const { importedFiles: imports } = ts.preProcessFile(readFileSync(path, "utf8"), true, true);
  return imports
    .filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => join(dirname(path), fileName.replace(CODE, "")));
}

function versionOf(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false });
  return status ? `${status.mtimeMs} ${status.size}` : "absent";
}
