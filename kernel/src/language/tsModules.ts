import { existsSync, readFileSync } from "node:fs";
import Module from "node:module";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";

const REQUEST = /^(\.{1,2}\/.*)\.([mc])js$/;
const MODULES_FOLDER = `${sep}node_modules${sep}`;
/** tslab's `require` of cells, which knows the modules that it compiled. */
const CELLS_REQUIRE = "__tslab__";

interface CompilableModule extends NodeJS.Module {
  _compile(code: string, file: string): void;
}

/**
 * Modules beside the notebook in `.mts` and `.cts` files, which tslab does not compile. They become CommonJS as cells do, and are kept under
 * their own file in Node's cache, from which {@link WatchedFiles} takes what has changed.
 */
export class TsModules {
  readonly #directory: string;
  readonly #toCommonJs: (module: string, options: ts.TranspileOptions) => ts.TranspileOutput;

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
    const [, path, kind] = REQUEST.exec(request) ?? [];
    if (path === undefined || parentFile === null || parentFile.includes(MODULES_FOLDER)) return undefined;
    const file = join(dirname(parentFile), `${path}.${kind}ts`);
    return existsSync(file) ? () => this.#load(file) : undefined;
  }

  #load(file: string): unknown {
    const known = require.cache[file];
    if (known) return known.exports;
    const loaded = new Module(file, module) as CompilableModule;
    loaded.filename = file;
    const ownRequire = loaded.require.bind(loaded);
    loaded.require = Object.assign(
      (request: string) => (request.startsWith(".") ? this.#beside(file, request) : ownRequire(request)),
      ownRequire,
    );
    require.cache[file] = loaded;
    try {
      loaded._compile(this.#compile(file), file);
    } catch (error) {
      delete require.cache[file];
      throw error;
    }
    loaded.loaded = true;
    return loaded.exports;
  }

  /** A module beside another, as cells find it. */
  #beside(file: string, request: string): unknown {
    const { require } = (globalThis as unknown as Record<string, { require: NodeJS.Require }>)[CELLS_REQUIRE];
    const path = relative(this.#directory, join(dirname(file), request))
      .split(sep)
      .join("/");
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
