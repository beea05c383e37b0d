import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, isAbsolute, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const MODULES_FOLDER = `${sep}node_modules${sep}`;

/** An error of `require`: the package has no form for it. */
const NO_COMMONJS_FORM = "ERR_PACKAGE_PATH_NOT_EXPORTED";
/** Errors of `require`: the file is an ES module, of which newer Nodes can load those that do not await. */
const ES_MODULE = new Set(["ERR_REQUIRE_ESM", "ERR_REQUIRE_ASYNC_MODULE"]);
/** Not `C:`. */
const URL_FORM = /^[a-z]{2,}:/;

/**
 * ES modules for cells, which run as CommonJS: what a cell imports is loaded before it runs, by Node's own loader, so that packages
 * without a CommonJS form and modules that await at their top level can be imported like any other.
 */
export class EsModules {
  readonly #directory: string;
  readonly #require: NodeJS.Require;
  readonly #loaders = new Map<string, () => unknown>();
  readonly #import: (specifier: string) => Promise<object>;

  /** @param directory of the notebook: packages installed there or above are found */
  constructor(directory: string) {
    this.#directory = directory;
    const file = join(directory, "notebook.js");
    this.#require = createRequire(file);
    const load = vm.runInThisContext("(specifier) => import(specifier)", {
      filename: file,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (specifier: string) => Promise<object>;
    this.#import = (specifier) => withoutWarnings(() => load(specifier));
  }

  /** Loads those of the modules that are ES modules. What goes wrong is thrown where the cell imports them. */
  async load(specifiers: Iterable<string>): Promise<void> {
    for (const specifier of new Set(specifiers)) {
      const module = nameOf(specifier, this.#directory);
      const isFile = isAbsolute(module);
      // A file may have changed since; Node knows it by its version.
      if ((this.#loaders.has(module) && !isFile) || !this.#isEsModule(module)) continue;
      try {
        const namespace = interoperable(await this.#import(isFile ? urlOf(module) : module));
        this.#loaders.set(module, () => namespace);
      } catch (error) {
        this.#loaders.set(module, () => {
          this.#loaders.delete(module);
          throw error;
        });
      }
    }
  }

  /** `import(specifier)`, where nothing was known of it before. @param require of the code that imports it */
  async importModule(specifier: string, require: NodeJS.Require): Promise<unknown> {
    if (URL_FORM.test(specifier) && !isBuiltin(specifier)) return this.#import(specifier);
    try {
      const module = require(specifier) as object & { __esModule?: unknown };
      return module.__esModule ? module : { ...module, default: module };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === NO_COMMONJS_FORM) return this.#import(specifier);
      if (code && ES_MODULE.has(code)) return this.#import(urlOf(require.resolve(specifier)));
      throw error;
    }
  }

  /** The loader of a module that was loaded here, for cells and the modules beside the notebook. */
  loaderOf(request: string, parentFile: string | null): (() => unknown) | undefined {
    if (!parentFile?.startsWith(this.#directory) || parentFile.includes(MODULES_FOLDER)) return undefined;
    return this.#loaders.get(nameOf(request, dirname(parentFile)));
  }

  #isEsModule(module: string): boolean {
    if (isBuiltin(module)) return false;
    if (isAbsolute(module)) return module.endsWith(".mjs") && existsSync(module);
    try {
      return isEsModuleFile(this.#require.resolve(module));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === NO_COMMONJS_FORM;
    }
  }
}

/** What a module is kept under: its file, where it is named relative to `folder`. */
function nameOf(specifier: string, folder: string): string {
  return specifier.startsWith(".") ? join(folder, specifier) : specifier;
}

/** The file as Node's loader takes it: another version is another module. */
function urlOf(file: string): string {
  return `${pathToFileURL(file).href}?${statSync(file).mtimeMs}`;
}

/** That the loader is experimental in Node 20 is nothing the author of a cell can do about. */
function withoutWarnings<T>(body: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return body();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** By Node's rule: the extension, else the nearest package.json. */
function isEsModuleFile(file: string): boolean {
  if (!/\.m?js$/.test(file)) return false;
  if (file.endsWith(".mjs")) return true;
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      return (JSON.parse(readFileSync(manifest, "utf8")) as { type?: unknown }).type === "module";
    }
  }
  return false;
}

/** The module with the mark by which compiled code tells an ES module from a CommonJS one. */
function interoperable(namespace: object): object {
  return new Proxy(namespace, {
    get: (target, name) => (name === "__esModule" ? true : Reflect.get(target, name)),
  });
}
