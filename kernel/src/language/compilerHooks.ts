import ts from "typescript";
import { documentationOf } from "./documentation";
import { isCell } from "./inlineMap";
import type { LateDeclarations } from "./lateDeclarations";
import { keepOldValues, type PreparedModule, type Shift } from "./liveVariables";
import { moduleForms } from "./moduleForms";
import { ownModules } from "./ownModules";
import { resolveShorthands, visitEachChild } from "./shorthand";
import { modulesThatAwait, topLevelAwaits } from "./topLevelAwait";

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
  /** Told of the modules that a cell imports and that await at their top level, each after those it imports. */
  awaited(modules: readonly string[]): void;
  /** Declarations that are read when they are needed. */
  late: LateDeclarations;
  /** What is shown of the problems found in a file. */
  review(
    found: readonly ts.Diagnostic[],
    file: ts.SourceFile,
    checker: ts.TypeChecker,
  ): readonly ts.Diagnostic[];
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
      symbolKind: ts.ScriptElementKind;
    };
  };
  bindSourceFile(file: ts.SourceFile, options: ts.CompilerOptions): void;
  getTouchingPropertyName(file: ts.SourceFile, position: number): ts.Node;
  getContainerNode(node: ts.Node): ts.Node | undefined;
  createTextSpanFromNode(node: ts.Node, file: ts.SourceFile): ts.TextSpan;
}

const internals = ts as unknown as CompilerInternals;

/**
 * The TypeScript that tslab 1.0.22 is given in place of its own fork of 5.0.4: stock TypeScript with the five functions the fork
 * adds, and with `hooks` applied.
 */
export function compilerForTslab(hooks: CompilerHooks): Pick<typeof ts, "transpileModule"> {
  const additions = {
    sys: hooks.system,
    getNullTransformationContext: () => internals.nullTransformationContext,
    getDefaultTypeRoots: () => [],
    getPreEmitDiagnosticsOfFiles: (program: ts.Program, [cell]: readonly ts.SourceFile[]) =>
      preEmitDiagnostics(program, cell, hooks),
    visitEachChild,
    getQuickInfoAtPosition,
    Completions: {
      ...internals.Completions,
      // The host is empty; the names of modules are looked for with it.
      getCompletionsAtPositionForTslab: (_host: object, ...args: unknown[]) =>
        internals.Completions.getCompletionsAtPosition(moduleFinder(hooks.system), ...args, undefined),
    },
    createWatchCompilerHost(
      files: string[],
      asked: ts.CompilerOptions,
      system: ts.System,
      _createProgram: null,
      ...rest: never[]
    ): object {
      const create = ts.createWatchCompilerHost as (...args: unknown[]) => WatchHost;
      const host = create(files, hooks.options(asked), system, programMaker(hooks.late), ...rest);
      withoutLookupTimer(host);
      host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
      return host;
    },
    transpileModule(input: string, { compilerOptions, ...options }: ts.TranspileOptions): ts.TranspileOutput {
      const { code, shifts, unset } = isCell(input) ? hooks.prepare(input) : asItIs(input);
      const output = ts.transpileModule(code, {
        ...options,
        compilerOptions: { ...compilerOptions, sourceMap: true, removeComments: false },
        transformers: { before: [moduleForms(isCell(input))] },
      });
      output.outputText = keepOldValues(output.outputText.replace(SOURCE_MAP_COMMENT, ""), unset);
      hooks.transpiled({ input, shifts, output });
      return output;
    },
  };
  return { ...ts, ...additions };
}

/** Timers of the compiler for what {@link WatchedFiles} tells it; tslab's stand-in for timers knows one at a time. */
function withoutLookupTimer(host: WatchHost): void {
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

/** What the compiler looks for modules with when it completes their names. */
function moduleFinder(system: ts.System): object {
  return Object.assign(Object.create(system) as object, {
    useCaseSensitiveFileNames: () => system.useCaseSensitiveFileNames,
  });
}

/**
 * Makes programs whose checkers `late` listens to. The compiler's own builders look at every import of every file each time, to know what a
 * change affects; here a cell's modules are all that is asked for.
 */
function programMaker(late: LateDeclarations): ts.CreateProgram<ts.BuilderProgram> {
  return (rootNames, options, host, before, configFileParsingDiagnostics, projectReferences) => {
    // Making a program looks at imports of the one before.
    late.follow(null);
    const program = ts.createProgram({
      rootNames: rootNames ?? [],
      options: options ?? {},
      host,
      oldProgram: before?.getProgram(),
      configFileParsingDiagnostics,
      projectReferences,
    });
    late.follow(program);
    for (const name of program.getRootFileNames()) bindSourceFile(program, name);
    return Object.assign(
      ts.createAbstractBuilder(program, host as ts.CompilerHost, before, configFileParsingDiagnostics),
      {
        getAllDependencies: (file: ts.SourceFile) =>
          ownModules(file, program).map(({ fileName }) => fileName),
      },
    );
  };
}

/** Lets a file know its variables, of which tslab makes another program before anything is checked. */
function bindSourceFile(program: ts.Program, name: string): void {
  const file = program.getSourceFile(name);
  if (file) internals.bindSourceFile(file, program.getCompilerOptions());
}

function asItIs(code: string): PreparedModule {
  return { code, shifts: [], unset: null };
}

/** What is changed of the compiler's host. */
interface WatchHost {
  jsDocParsingMode?: ts.JSDocParsingMode;
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

/** What is wrong with a cell, and with the modules beside the notebook that it imports. */
function preEmitDiagnostics(
  program: ts.Program,
  cell: ts.SourceFile,
  hooks: CompilerHooks,
): readonly ts.Diagnostic[] {
  // The last that is heard of a program before its cell is transformed.
  resolveShorthands(program);
  const found: ts.Diagnostic[] = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
  for (const file of ownModules(cell, program)) {
    found.push(...program.getSyntacticDiagnostics(file));
    found.push(...hooks.review(program.getSemanticDiagnostics(file), file, program.getTypeChecker()));
    if (found.length === 0) found.push(...program.getDeclarationDiagnostics(file));
    // Those of modules are awaited before the cell runs.
    for (const start of file === cell ? topLevelAwaits(file) : []) {
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
  // What was found counts for nothing then, but ends the attempt before anything is emitted.
  if (hooks.late.isWanting) return [incomplete(cell)];
  hooks.awaited(modulesThatAwait(cell, program));
  return ts.sortAndDeduplicateDiagnostics(found.filter(blocksCell).map(inOneText));
}

function incomplete(file: ts.SourceFile): ts.Diagnostic {
  const messageText = "declarations are still to be read";
  return { file, start: 0, length: 0, code: 0, category: ts.DiagnosticCategory.Error, messageText };
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
    ...documentationOf(symbol.declarations ?? []),
  };
}
