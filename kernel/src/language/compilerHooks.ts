import ts from "typescript";
import { resolveShorthands, visitEachChild } from "./shorthand";

/** What the converter's use of the compiler is changed by. */
export interface CompilerHooks {
  /** The options a program is made with, from those tslab asks for. */
  options(asked: ts.CompilerOptions): ts.CompilerOptions;
  /** Told of every second step of a cell's compilation (ES module → CommonJS), to follow positions back to the cell. */
  transpiled(input: string, output: ts.TranspileOutput): void;
}

/** Functions of the compiler that are not in its public types. */
interface CompilerInternals {
  nullTransformationContext: unknown;
  Completions: {
    getCompletionsAtPosition(...args: unknown[]): ts.CompletionInfo | undefined;
  };
  SymbolDisplay: {
    getSymbolDisplayPartsDocumentationAndSymbolKind(
      checker: ts.TypeChecker,
      symbol: ts.Symbol,
      file: ts.SourceFile,
      enclosing: ts.Node | undefined,
      location: ts.Node,
    ): {
      displayParts: ts.SymbolDisplayPart[];
      documentation: ts.SymbolDisplayPart[];
      symbolKind: ts.ScriptElementKind;
      tags: ts.JSDocTagInfo[] | undefined;
    };
  };
  getTouchingPropertyName(file: ts.SourceFile, position: number): ts.Node;
  getContainerNode(node: ts.Node): ts.Node | undefined;
  createTextSpanFromNode(node: ts.Node, file: ts.SourceFile): ts.TextSpan;
}

const internals = ts as unknown as CompilerInternals;

/**
 * The TypeScript that tslab 1.0.22 is given in place of its own fork of 5.0.4: stock TypeScript with the five functions the fork
 * adds, and with `hooks` applied.
 */
export function compilerForTslab(hooks: CompilerHooks): object {
  const additions = {
    sys: unwatched(ts.sys),
    getNullTransformationContext: () => internals.nullTransformationContext,
    getDefaultTypeRoots: () => [],
    getPreEmitDiagnosticsOfFiles,
    visitEachChild,
    getQuickInfoAtPosition,
    Completions: {
      ...internals.Completions,
      getCompletionsAtPositionForTslab: (...args: unknown[]) =>
        internals.Completions.getCompletionsAtPosition(...args, undefined),
    },
    createWatchCompilerHost: (files: string[], asked: ts.CompilerOptions, ...rest: never[]) =>
      (ts.createWatchCompilerHost as (...args: unknown[]) => unknown)(files, hooks.options(asked), ...rest),
    transpileModule(input: string, { compilerOptions, ...options }: ts.TranspileOptions): ts.TranspileOutput {
      const output = ts.transpileModule(input, {
        ...options,
        compilerOptions: { ...compilerOptions, sourceMap: true, removeComments: false },
      });
      output.outputText = output.outputText.replace(SOURCE_MAP_COMMENT, "");
      hooks.transpiled(input, output);
      return output;
    },
  };
  return { ...ts, ...additions };
}

/**
 * The file system without watching: tslab 1.0.22 throws out of a watcher when a declaration file changes while a cell waits, which would
 * end the process. Files are read when a cell first imports them.
 */
function unwatched(sys: ts.System): ts.System {
  const watcher: ts.FileWatcher = { close: () => undefined };
  return Object.assign(Object.create(sys) as ts.System, {
    watchFile: () => watcher,
    watchDirectory: () => watcher,
  });
}

export const SOURCE_MAP_COMMENT = /^\/\/# sourceMappingURL=.*$/gm;

/** Code that tslab takes for "an await at the top level, which is fine". */
const AWAIT_OUTSIDE_ASYNC = 1308;

/** Whether the declaration of a variable could not be written down; the cell runs all the same. */
function blocksCell(diagnostic: ts.Diagnostic): boolean {
  return diagnostic.category === ts.DiagnosticCategory.Error;
}

function getPreEmitDiagnosticsOfFiles(
  program: ts.Program,
  files: readonly ts.SourceFile[],
): readonly ts.Diagnostic[] {
  // The last that is heard of a program before its cell is transformed.
  resolveShorthands(program);
  const found: ts.Diagnostic[] = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
  for (const file of files) {
    found.push(...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file));
    if (found.length === 0) found.push(...program.getDeclarationDiagnostics(file));
    for (const start of topLevelAwaits(file)) {
      found.push({
        file,
        start,
        length: "await".length,
        code: AWAIT_OUTSIDE_ASYNC,
        category: ts.DiagnosticCategory.Error,
        messageText: "",
      });
    }
  }
  return ts.sortAndDeduplicateDiagnostics(found.filter(blocksCell));
}

/** Where `await` stands outside of any function. */
function topLevelAwaits(file: ts.SourceFile): number[] {
  const found: number[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isAwaitExpression(node)) found.push(node.getStart(file));
    else if (ts.isForOfStatement(node) && node.awaitModifier) found.push(node.awaitModifier.getStart(file));
    else if (
      ts.isVariableDeclarationList(node) &&
      (node.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.AwaitUsing
    ) {
      found.push(node.getStart(file));
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

function getQuickInfoAtPosition(
  file: ts.SourceFile,
  checker: ts.TypeChecker,
  _cancellation: unknown,
  position: number,
): ts.QuickInfo | undefined {
  const node = internals.getTouchingPropertyName(file, position);
  const symbol = checker.getSymbolAtLocation(node);
  if (!symbol) return undefined;
  const shown = internals.SymbolDisplay.getSymbolDisplayPartsDocumentationAndSymbolKind(
    checker,
    symbol,
    file,
    internals.getContainerNode(node),
    node,
  );
  return {
    kind: shown.symbolKind,
    kindModifiers: "",
    textSpan: internals.createTextSpanFromNode(node, file),
    displayParts: shown.displayParts,
    documentation: shown.documentation,
    tags: shown.tags,
  };
}
