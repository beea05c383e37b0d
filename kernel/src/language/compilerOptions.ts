import { dirname } from "node:path";
import ts from "typescript";
import { GLOBAL_TYPES, GLOBAL_TYPES_ROOT } from "./globalTypes";

/** Options of a tsconfig.json that make sense for cells. */
const HONOURED = [
  "strict",
  "noImplicitAny",
  "strictNullChecks",
  "strictFunctionTypes",
  "strictBindCallApply",
  "strictPropertyInitialization",
  "noImplicitThis",
  "useUnknownInCatchVariables",
  "exactOptionalPropertyTypes",
  "noUncheckedIndexedAccess",
  "noImplicitReturns",
  "noFallthroughCasesInSwitch",
  "experimentalDecorators",
  "emitDecoratorMetadata",
  "paths",
  "baseUrl",
] as const;

/** Options cells are compiled with: strict, as modern as the Node that runs them. */
export function cellOptions(asked: ts.CompilerOptions, paths: Record<string, string[]>): ts.CompilerOptions {
  const { noImplicitUseStrict: _dropped, ...kept } = asked;
  const own = ownOptions(ts.sys.getCurrentDirectory());
  return {
    ...kept,
    strict: true,
    experimentalDecorators: false,
    ...own,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    jsx: undefined,
    inlineSourceMap: true,
    // `import … from "./file.ts"`, as Node itself takes it.
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: true,
    typeRoots: [dirname(dirname(require.resolve("@types/node/package.json"))), GLOBAL_TYPES_ROOT],
    types: ["node", GLOBAL_TYPES],
    paths: { ...own.paths, ...paths },
  };
}

/** What the tsconfig.json of the working directory says. */
function ownOptions(directory: string): ts.CompilerOptions {
  const file = `${directory}/tsconfig.json`;
  if (!ts.sys.fileExists(file)) return {};
  const read = ts.readConfigFile(file, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(
    read.config ?? {},
    { ...ts.sys, readDirectory: () => [] },
    directory,
  );
  return Object.fromEntries(HONOURED.filter((name) => name in options).map((name) => [name, options[name]]));
}
