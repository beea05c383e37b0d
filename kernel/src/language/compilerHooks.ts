import ts from "typescript";
import { libraryComment } from "./bareLibraries";
import { isCell } from "./inlineMap";
import { keepOldValues, type PreparedModule, type Shift } from "./liveVariables";
import { resolveShorthands, visitEachChild } from "./shorthand";

/** What the converter's use of the compiler is changed by. */
export interface CompilerHooks {
  /** The options a program is made with, from those tslab asks for. */
  options(asked: ts.CompilerOptions): ts.CompilerOptions;
  /** The file system it reads. */
  system: ts.System;
  /** Changes a cell, as an ES module, before it becomes CommonJS. */
  prepare(module: string): PreparedModule;
  /** Told of every second step of a compilation (ES module → CommonJS), to follow positions back to what was written. */
  transpiled(step: TranspiledStep): void;
}

/** How one file became what runs. */
export interface TranspiledStep {
  /** ES module, as the converter made it. */
  input: string;
  /** What `prepare` put into it. */
  shifts: Shift[];
  output: ts.TranspileOutput;
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
    sys: hooks.system,
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
    createWatchCompilerHost(files: string[], asked: ts.CompilerOptions, ...rest: never[]): object {
      const create = ts.createWatchCompilerHost as (...args: unknown[]) => CompilerTimers;
      const host = create(files, hooks.options(asked), ...rest);
      withoutLookupTimer(host);
      return host;
    },
    transpileModule(input: string, { compilerOptions, ...options }: ts.TranspileOptions): ts.TranspileOutput {
      const { code, shifts, unset } = isCell(input) ? hooks.prepare(input) : asItIs(input);
      const output = ts.transpileModule(code, {
        ...options,
        compilerOptions: { ...compilerOptions, sourceMap: true, removeComments: false },
      });
      output.outputText = keepOldValues(output.outputText.replace(SOURCE_MAP_COMMENT, ""), unset);
      hooks.transpiled({ input, shifts, output });
      return output;
    },
  };
  return { ...ts, ...additions };
}

/** Timers of the compiler for what {@link WatchedFiles} tells it; tslab's stand-in for timers knows one at a time. */
function withoutLookupTimer(host: CompilerTimers): void {
  const { setTimeout: set, clearTimeout: clear } = host;
  const done = Symbol("done");
  host.setTimeout = (callback, delay, ...args) => {
    if (args[0] !== "timerToInvalidateFailedLookupResolutions") return set?.(callback, delay, ...args);
    callback();
    return done;
  };
  host.clearTimeout = (timer) => {
    if (timer !== done) clear?.(timer);
  };
}

function asItIs(code: string): PreparedModule {
  return { code, shifts: [], unset: null };
}

interface CompilerTimers {
  setTimeout?(callback: () => void, delay: number, ...args: unknown[]): unknown;
  clearTimeout?(timer: unknown): void;
}

export const SOURCE_MAP_COMMENT = /^\/\/# sourceMappingURL=.*$/gm;

/** Code that tslab takes for "an await at the top level, which is fine". */
const AWAIT_OUTSIDE_ASYNC = 1308;

/** Packages without types are of type any: TS7016. */
const WITHOUT_TYPES = 7016;

function blocksCell({ category, code }: ts.Diagnostic): boolean {
  return category === ts.DiagnosticCategory.Error && code !== WITHOUT_TYPES;
}

/** With its explanations in one text, as tsc prints them; tslab makes an error of its own of each. */
function inOneText(diagnostic: ts.Diagnostic): ts.Diagnostic {
  return { ...diagnostic, messageText: ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n") };
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
  return ts.sortAndDeduplicateDiagnostics(found.filter(blocksCell).map(inOneText));
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
  const comment = symbol.declarations?.map(libraryComment).find((text) => text !== "");
  return {
    kind: shown.symbolKind,
    kindModifiers: "",
    textSpan: internals.createTextSpanFromNode(node, file),
    displayParts: shown.displayParts,
    documentation: comment ? [{ kind: "text", text: comment }] : shown.documentation,
    tags: shown.tags,
  };
}
