import { existsSync, readFileSync, statSync } from "node:fs";
import Module from "node:module";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import vm from "node:vm";
import ts from "typescript";

const COMPILED_NAME = /\.([mc]?)js$/;
const SOURCE_NAME = /\.([mc]?)ts$/;
const NOT_FOUND = "MODULE_NOT_FOUND";
const MODULES_FOLDER = `${sep}node_modules${sep}`;
/** tslab's `require` of cells, which knows the modules that it compiled. */
const CELLS_REQUIRE = "__tslab__";

interface CompilableModule extends NodeJS.Module {
  _compile(code: string, file: string): void;
}

interface NodePaths {
  _nodeModulePaths(folder: string): string[];
}

/** A module as the converter hands it out: CommonJS, under the file that it would be written to. */
export interface ConvertedModule {
  path: string;
  data: string;
}

/**
 * Modules beside the notebook that tslab does not compile or cannot run: `.mts` and `.cts` files, those that await at their top level, and
 * those that only the run knows the name of. They become CommonJS as cells do, and are kept under their own file in Node's cache, from which
 * {@link WatchedFiles} takes what has changed.
 */
export class TsModules {
  readonly #directory: string;
  readonly #toCommonJs: (module: string, options: ts.TranspileOptions) => ts.TranspileOutput;
  /** What the converter made of those that await, by their file. */
  readonly #converted = new Map<string, string>();
  /** Versions of files that the compiler has not heard of. */
  readonly #versions = new Map<string, number>();

  /**
   * @param directory of the notebook
   * @param toCommonJs the second step of a compilation, which follows positions back to the source
   */
  constructor(
    directory: string,
    toCommonJs: (module: string, options: ts.TranspileOptions) => ts.TranspileOutput,
  ) {
    this.#directory = directory;
    this.#toCommonJs = toCommonJs;
  }

  /** The loader of what compiled code requires as `./name.mjs`, where there is a `name.mts`. */
  loaderOf(request: string, parentFile: string | null): (() => unknown) | undefined {
    if (parentFile === null || parentFile.includes(MODULES_FOLDER)) return undefined;
    if (!request.startsWith(".") || !COMPILED_NAME.exec(request)?.[1]) return undefined;
    const file = resolve(dirname(parentFile), request.replace(COMPILED_NAME, ".$1ts"));
    return existsSync(file) ? () => this.#load(file) : undefined;
  }

  /** Puts what {@link awaited} gives in the place of modules that await at their top level. @param files theirs */
  takeOver(
    converted: readonly ConvertedModule[],
    files: readonly string[],
    awaited: string,
  ): ConvertedModule[] {
    const byPath = new Map(files.map((file) => [file.replace(SOURCE_NAME, ".$1js"), file]));
    return converted.map(({ path, data }) => {
      const file = byPath.get(path);
      if (file === undefined) return { path, data };
      this.#converted.set(file, data);
      return { path, data: `module.exports = ${awaited}(${JSON.stringify(file)});` };
    });
  }

  /** Runs modules that await at their top level, one after the other, unless they ran already. */
  async runAwaiting(files: readonly string[]): Promise<void> {
    const waiting = files.map((file) => this.#cached(file)).filter(({ loaded }) => !loaded);
    for (const module of waiting) await this.#runAwaiting(module, this.#converted.get(module.filename));
  }

  /** What a module exports that {@link runAwaiting} runs; where modules import each other, what it exports by then. */
  awaited(file: string): unknown {
    return require.cache[file]?.exports;
  }

  /** The file that code in `folder` means by a relative name, of those that can be compiled here; undefined when there is none. */
  fileOf(specifier: string, folder: string): string | undefined {
    if (!specifier.startsWith(".")) return undefined;
    const path = resolve(folder, specifier);
    const forms = SOURCE_NAME.test(path)
      ? [path]
      : [
          path.replace(COMPILED_NAME, ".$1ts"),
          `${path}.ts`,
          `${path}.mts`,
          `${path}.cts`,
          join(path, "index.ts"),
        ];
    return forms.find((form) => SOURCE_NAME.test(form) && existsSync(form));
  }

  /** Gives a module whose name only the run knows. It runs again when its file has changed. */
  async import(file: string): Promise<unknown> {
    const compiled = this.#compiled(file);
    if (compiled) return compiled.exports;
    const version = statSync(file).mtimeMs;
    if ((this.#versions.get(file) ?? version) !== version) delete require.cache[file];
    const module = this.#cached(file);
    if (module.loaded) return module.exports;
    await this.#runAwaiting(module, this.#compile(file));
    this.#versions.set(file, version);
    return module.exports;
  }

  #load(file: string): unknown {
    const known = require.cache[file];
    if (known) return known.exports;
    const loaded = this.#newModule(file);
    try {
      loaded._compile(this.#compile(file), file);
    } catch (error) {
      delete require.cache[file];
      throw error;
    }
    loaded.loaded = true;
    return loaded.exports;
  }

  /** Runs a module, once more if it failed before: others may hold what it exports. */
  async #runAwaiting(module: NodeJS.Module, code = this.#compile(module.filename)): Promise<void> {
    // As the converter names them, under which its positions are known.
    const name = module.filename.replace(/\.ts$/, ".js");
    const script = `(async function (exports, require, module, __filename, __dirname) {\n${code}\n})`;
    const run = vm.runInThisContext(script, { filename: name, lineOffset: -1 }) as (
      ...names: unknown[]
    ) => Promise<void>;
    await run(module.exports, module.require, module, name, dirname(name));
    module.loaded = true;
  }

  #cached(file: string): NodeJS.Module {
    return require.cache[file] ?? this.#newModule(file);
  }

  /** A module in Node's cache that finds others as cells do. */
  #newModule(file: string): CompilableModule {
    const made = new Module(file, module) as CompilableModule;
    made.filename = file;
    made.paths = (Module as unknown as NodePaths)._nodeModulePaths(dirname(file));
    const ownRequire = made.require.bind(made);
    made.require = Object.assign(
      (request: string) =>
        request.startsWith(".") ? this.#beside(dirname(file), request) : ownRequire(request),
      ownRequire,
    );
    require.cache[file] = made;
    return made;
  }

  /** A module beside the notebook, as cells find it; else by its file. */
  #beside(folder: string, request: string): unknown {
    const file = this.fileOf(request, folder);
    if (file === undefined) return this.#asCells(join(folder, request));
    const compiled = this.#compiled(file);
    return compiled ? compiled.exports : this.#load(file);
  }

  /** What tslab compiled of a file; null when no cell imported it by its name. */
  #compiled(file: string): { exports: unknown } | null {
    if (!file.endsWith(".ts") || require.cache[file]) return null;
    try {
      return { exports: this.#asCells(file.replace(SOURCE_NAME, ".$1js")) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === NOT_FOUND && message.includes(`${basename(file, ".ts")}.js'`)) return null;
      throw error;
    }
  }

  #asCells(file: string): unknown {
    const { require } = (globalThis as unknown as Record<string, { require: NodeJS.Require }>)[CELLS_REQUIRE];
    const path = relative(this.#directory, file).split(sep).join("/");
    return require(path.startsWith(".") ? path : `./${path}`);
  }

  #compile(file: string): string {
    const compilerOptions = {
      target: ts.ScriptTarget.ES2022,
      rewriteRelativeImportExtensions: true,
      verbatimModuleSyntax: false,
    };
    const { outputText, sourceMapText = "" } = ts.transpileModule(readFileSync(file, "utf8"), {
      fileName: file,
      compilerOptions: { ...compilerOptions, module: ts.ModuleKind.ESNext, sourceMap: true },
    });
    // As the converter writes it: relative to a folder that is not there.
    const map = {
      ...(JSON.parse(sourceMapText) as object),
      sources: [relative(join(this.#directory, "outDir"), file)],
    };
    const inline = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;
    const esModule = outputText.replace(/^\/\/# sourceMappingURL=.*$/m, inline);
    return this.#toCommonJs(esModule, {
      fileName: "module.js",
      compilerOptions: { ...compilerOptions, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
    }).outputText;
  }
}
