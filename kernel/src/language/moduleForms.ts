import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";

/** Global through which compiled code has what only ES modules, or only CommonJS modules, have. */
const HELPER = "__graphpatch__";
/** A file that `require` may not load. */
const ES_FILE = /^\..*\.mjs$/;
const PLACES = ["__dirname", "__filename"];

/** What compiled code calls. */
export interface ModuleForms {
  /** The notebook's folder, and its file in it. */
  readonly __dirname: string;
  readonly __filename: string;
  /** `import.meta` of the module in `filename`. */
  meta(filename: string, require: NodeJS.Require): object;
  /** `import(specifier)`, where only the run knows of what. @param folder of the code that imports it */
  importModule(specifier: string, require: NodeJS.Require, folder: string): Promise<unknown>;
  /** Runs the modules in these files, which await at their top level. */
  runAwaiting(files: readonly string[]): Promise<void>;
  /** What one of them exports. */
  awaited(file: string): unknown;
}

/** How compiled code calls them. */
export const AWAITED = `${HELPER}.awaited`;

/** What a compiled cell begins with that imports modules which await; on its first line, whose positions nobody asks for. */
export function awaitModules(files: readonly string[]): string {
  return `await ${HELPER}.runAwaiting(${JSON.stringify(files)}); `;
}

/** Makes the forms known to compiled code. @param directory of the notebook */
export function offerModuleForms(
  directory: string,
  loading: Pick<ModuleForms, "importModule" | "runAwaiting" | "awaited">,
): void {
  const forms: ModuleForms = {
    ...loading,
    __dirname: directory,
    // Jupyter tells kernels which notebook they belong to.
    __filename: join(directory, basename(process.env.JPY_SESSION_NAME ?? "notebook")),
    meta: (filename, require) => ({
      url: pathToFileURL(filename).href,
      filename,
      dirname: dirname(filename),
      resolve: (specifier: string) => pathToFileURL(require.resolve(specifier)).href,
    }),
  };
  Object.defineProperty(globalThis, HELPER, { value: forms, configurable: true });
}

/**
 * Puts what CommonJS can do in the place of `import.meta` and of `import(name)` with a name that is computed or of a `.mjs` file; and in cells, which have no
 * file, of `__dirname` and `__filename`.
 */
export function moduleForms(isCell: boolean): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const { factory } = context;
    const help = (name: string) =>
      factory.createPropertyAccessExpression(factory.createIdentifier(HELPER), name);
    const require = factory.createIdentifier("require");
    const replaced = isCell ? PLACES.filter((name) => !declares(file, name)) : [];
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
        const filename = isCell ? help("__filename") : factory.createIdentifier("__filename");
        return factory.createCallExpression(help("meta"), undefined, [filename, require]);
      }
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
        const [specifier] = node.arguments;
        if (specifier && !isLoaded(specifier)) {
          const value = ts.visitNode(specifier, visit, ts.isExpression);
          const folder = isCell ? help("__dirname") : factory.createIdentifier("__dirname");
          return factory.createCallExpression(help("importModule"), undefined, [value, require, folder]);
        }
      }
      if (ts.isShorthandPropertyAssignment(node) && replaced.includes(node.name.text))
        return factory.createPropertyAssignment(node.name, help(node.name.text));
      if (ts.isIdentifier(node) && replaced.includes(node.text) && isRead(node)) return help(node.text);
      return ts.visitEachChild(node, visit, context);
    };
    return ts.visitEachChild(file, visit, context);
  };
}

/** Whether an identifier is an expression, and not the name of something. */
function isRead(node: ts.Identifier): boolean {
  const { name, propertyName } = node.parent as { name?: ts.Node; propertyName?: ts.Node };
  return name !== node && propertyName !== node;
}

function declares(file: ts.SourceFile, name: string): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    const declared =
      (ts.isVariableDeclaration(node) ||
        ts.isParameter(node) ||
        ts.isBindingElement(node) ||
        ts.isFunctionDeclaration(node)) &&
      node.name;
    found ||= Boolean(declared && ts.isIdentifier(declared) && declared.text === name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Whether what an `import()` is of has been loaded by then, because it can be read off the code. */
function isLoaded(specifier: ts.Expression): boolean {
  return ts.isStringLiteralLike(specifier) && !ES_FILE.test(specifier.text);
}
