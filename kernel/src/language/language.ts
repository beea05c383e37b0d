import { setImmediate as nextTurn } from "node:timers";
import { format } from "node:util";
import type { Converter, ConvertResult, Diagnostic } from "tslab/dist/converter";
import type { Executor } from "tslab/dist/executor";
import ts from "typescript";
import { CellSources, cellFile } from "./cellSources";
import { compilerForTslab } from "./compilerHooks";
import { cellOptions } from "./compilerOptions";
import { EsModules } from "./esModules";
import { type Failure, failureOf, failureOfDiagnostics, failureOfInterrupt, isCancellation } from "./failure";
import { GlobalTypes } from "./globalTypes";
import { keptDeclarations } from "./keptDeclarations";
import { LateDeclarations, lateModulesIn, lateNodeModules } from "./lateDeclarations";
import { liveVariables } from "./liveVariables";
import { AWAITED, awaitModules, offerModuleForms } from "./moduleForms";
import { redirectModules } from "./moduleRedirects";
import { annotateAny, prepareCell } from "./prepareCell";
import { TsModules } from "./tsModules";
import { WatchedFiles } from "./watchedFiles";

export type Outcome =
  /** `value` is undefined where the cell ends in no value. */
  { status: "ok"; value: unknown } | { status: "error"; failure: Failure };

export interface LanguageOptions {
  /** Modules that resolve to the kernel's own, with the file of their types. */
  modules: ReadonlyMap<string, { load: () => unknown; types: string }>;
  /** `declare global { … }` of what cells find without importing it. */
  globals: string;
  /** More of them, until {@link Language.declare} gives others; importing the same modules. */
  changing: string;
  /** Runs the compiler, which an interrupt must not stop half-way. */
  shield<T>(work: () => T): T;
  types: CellTypes;
}

/** What is known of cells besides what the compiler finds out. */
export interface CellTypes {
  /** The declarations of earlier cells, by what their variables hold when `code` is compiled. */
  refine(declarations: string, code: string, values: Readonly<Record<string, unknown>>): string;
  /** What is shown of the problems that the compiler found in a cell. */
  review(
    found: readonly ts.Diagnostic[],
    file: ts.SourceFile,
    checker: ts.TypeChecker,
  ): readonly ts.Diagnostic[];
}

/** Declarations whose type cannot be written down: TS4023 to 4025, TS2742, TS2883, TS7056. */
const UNNAMEABLE = new Set([4023, 4024, 4025, 2742, 2883, 7056]);
/** A module that was not found: TS2307, TS2792. */
const NOT_FOUND = new Set([2307, 2792]);
const NOT_ASSIGNABLE = 2322;
/** What stands before a place where the name of a module is typed. */
const MODULE_NAME = /\b(?:from|import|require)\s*\(?\s*["'][^"'\n]*$/;
/** tslab's marks of cells that do not simply run. */
const PRAGMA = /@module\b|@browser\b/;

/** The cell in hand. */
interface Cell {
  number: number;
  code: string;
  diagnostics: readonly Diagnostic[];
  converted: ConvertResult | null;
  /** Modules that it and what it imports from beside the notebook ask for. */
  imports: string[];
  /** Files of those that await at their top level. */
  awaited: readonly string[];
  value: unknown;
  thrown: { error: unknown } | null;
  interrupted: boolean;
}

/** TypeScript cells: tslab's converter and executor on stock TypeScript. One a process, because it hooks module loading. */
export class Language {
  readonly sources: CellSources;
  readonly #converter: Converter;
  readonly #executor: Executor;
  readonly #shield: LanguageOptions["shield"];
  readonly #types: CellTypes;
  readonly #globals: GlobalTypes;
  readonly #files: WatchedFiles;
  readonly #modules: EsModules;
  readonly #tsModules: TsModules;
  readonly #late: LateDeclarations;
  /** Whether the compiler has not read yet what it is to know of globals. */
  #hasNews = false;
  /** Of the cells so far, as a declaration file. */
  #declarations = "";
  #cell: Cell = newCell("", 0);
  #stop: (() => void) | null = null;

  constructor({ modules, globals, changing, shield, types }: LanguageOptions) {
    const directory = process.cwd();
    this.#shield = shield;
    this.#types = types;
    this.sources = new CellSources(directory);
    this.#files = new WatchedFiles(directory);
    this.#modules = new EsModules(directory);
    this.#globals = new GlobalTypes(globals, changing);
    this.#late = new LateDeclarations([
      ...lateNodeModules(),
      ...lateModulesIn(globals),
      ...[...modules].map(([name, { types }]) => [name, [types]] as const),
    ]);
    const paths = Object.fromEntries([...modules].map(([name, { types }]) => [name, [types]]));
    const compiler = compilerForTslab({
      options: (asked) => cellOptions(asked, paths),
      system: this.#late.system(this.#globals.system(this.#files.system(ts.sys))),
      late: this.#late,
      awaited: (files) => {
        this.#cell.awaited = files;
      },
      prepare: liveVariables,
      review: (found, file, checker) => types.review(found, file, checker),
      transpiled: (step) => {
        this.sources.transpiled(step);
        const { importedFiles } = ts.preProcessFile(step.input, true, true);
        this.#cell.imports.push(...importedFiles.map(({ fileName }) => fileName));
      },
    });
    const own = new Map<string, () => unknown>([
      ["@tslab/typescript-for-tslab", () => compiler],
      ...[...modules].map(([name, { load }]) => [name, load] as const),
    ]);
    const tsModules = new TsModules(directory, compiler.transpileModule);
    redirectModules(
      (name, parent) =>
        own.get(name) ?? tsModules.loaderOf(name, parent) ?? this.#modules.loaderOf(name, parent),
    );
    offerModuleForms(directory, {
      importModule: async (specifier, require, folder) => {
        const file = tsModules.fileOf(specifier, folder);
        return file === undefined ? this.#modules.importModule(specifier, require) : tsModules.import(file);
      },
      runAwaiting: (files) => tsModules.runAwaiting(files),
      awaited: (file) => tsModules.awaited(file),
    });
    this.#tsModules = tsModules;
    // Loaded here, not at the top: only now do they get our compiler.
    const { createConverter } = require("tslab/dist/converter") as typeof import("tslab/dist/converter");
    const { createExecutor } = require("tslab/dist/executor") as typeof import("tslab/dist/executor");
    this.#converter = createConverter({ isJS: false, isBrowser: false });
    // What the executor remembers of earlier cells is only what succeeded: the declarations here count instead.
    const wrapped: Converter = {
      ...this.#converter,
      addModule: (...module) => this.#compile(() => this.#converter.addModule(...module)),
      convert: (_previous, code) => this.#cell.converted ?? this.#convert(code),
      complete: (_previous, code, position) => this.#converter.complete(this.#refined(code), code, position),
      inspect: (_previous, code, position) => this.#converter.inspect(this.#refined(code), code, position),
    };
    this.#executor = createExecutor(
      directory,
      { node: wrapped, browser: wrapped, close: () => this.#converter.close() },
      {
        log: (value: unknown) => {
          this.#cell.value = value;
        },
        error: (...values: unknown[]) => {
          this.#cell.thrown ??= { error: values.length === 1 ? values[0] : new Error(format(...values)) };
        },
      },
    );
  }

  /** Replaces the declarations of globals that change. */
  declare(changing: string): void {
    this.#globals.change(changing);
    this.#hasNews = true;
  }

  /** Lets the compiler read what the last cell brought (names of a large graph), while nobody waits for it. */
  prepare(): void {
    const declarations = this.#refined("");
    if (this.#hasNews) this.#compile(() => this.#converter.inspect(declarations, "", 0));
  }

  /**
   * Runs a cell, in a turn of its own: what V8 terminates is the whole turn, with the promise jobs that wait in it, and none of the kernel's
   * must be among them.
   * @param number by which stack traces call it
   */
  async execute(code: string, number: number): Promise<Outcome> {
    const cell = newCell(code, number);
    this.#cell = cell;
    const stopped = new Promise<false>((resolve) => {
      this.#stop = () => {
        cell.interrupted = true;
        resolve(false);
      };
    });
    const before = { ...this.#executor.locals };
    const finished = new Promise<boolean>((resolve, reject) => {
      setImmediate(() => {
        if (!cell.interrupted) this.#run(cell).then(resolve, reject);
      });
    });
    const ok = await Promise.race([finished, stopped]);
    // The interrupt that cancelled it may still be on its way here.
    if (!ok && isCancellation(cell.thrown?.error)) await nextMessages();
    this.#stop = null;
    this.#keepDeclarations(cell, ok, before);
    return ok ? { status: "ok", value: cell.value } : { status: "error", failure: this.#failure(cell) };
  }

  /** Ends a cell that waits; code that runs is stopped by other means. */
  interrupt(): void {
    this.#stop?.();
    this.#executor.interrupt();
  }

  /** Variables of the cells so far. */
  get locals(): Readonly<Record<string, unknown>> {
    return this.#executor.locals;
  }

  /** The compiler's completions at a UTF-16 position. */
  completions(
    code: string,
    position: number,
  ): { candidates: string[]; info: ts.CompletionInfo | undefined; start: number; end: number } {
    // The names of all modules are asked for.
    if (MODULE_NAME.test(code.slice(0, position))) this.#late.reveal();
    return this.#compile(() => {
      const { candidates, original, start, end } = this.#executor.complete(code, position);
      return { candidates, info: original, start, end };
    });
  }

  /** What the compiler says about the name at a UTF-16 position. */
  quickInfo(code: string, position: number): ts.QuickInfo | undefined {
    return this.#compile(() => this.#executor.inspect(code, position));
  }

  close(): void {
    this.#executor.close();
  }

  async #run(cell: Cell): Promise<boolean> {
    if (/\bimport\b|\bfrom\b/.test(cell.code) && !PRAGMA.test(cell.code)) {
      cell.converted = this.#convert(cell.code);
      if (cell.converted.diagnostics.length === 0) await this.#modules.load(cell.imports);
    }
    return this.#executor.execute(cell.code);
  }

  /** What earlier cells declared, by what their variables hold now. */
  #refined(code: string): string {
    return this.#types.refine(this.#declarations, code, this.locals);
  }

  /** Runs the compiler, with all the declarations that it asks for. */
  #compile<T>(work: () => T): T {
    const result = this.#shield(() => this.#late.complete(work));
    this.#hasNews = false;
    return result;
  }

  #convert(code: string): ConvertResult {
    const cell = this.#cell;
    return this.#compile(() => {
      this.#files.refresh();
      const declarations = this.#refined(code);
      const prepared = prepareCell(code);
      let result = this.#converter.convert(declarations, prepared);
      if (result.diagnostics.some(({ code: number }) => NOT_FOUND.has(number))) {
        this.#files.lookAgain();
        result = this.#converter.convert(declarations, prepared);
      }
      if (
        result.diagnostics.some(({ code: number }) => number === NOT_ASSIGNABLE) &&
        /\bimport\(/.test(code)
      ) {
        const other = this.#converter.convert(declarations, prepareCell(code, "commonJs"));
        if (other.diagnostics.length === 0) result = other;
      }
      const unnameable = namesIn(result.diagnostics.filter(({ code: number }) => UNNAMEABLE.has(number)));
      if (unnameable.size > 0) {
        const annotated = annotateAny(prepared, unnameable);
        if (annotated !== null) result = this.#converter.convert(declarations, annotated);
      }
      cell.diagnostics = result.diagnostics;
      cell.converted = result;
      this.sources.remember(cell.number, code);
      if (result.output !== undefined) result.output += `\n//# sourceURL=${cellFile(cell.number)}`;
      if (cell.awaited.length > 0) this.#awaitModules(result, cell.awaited);
      return result;
    });
  }

  /** Lets a cell wait for the modules that await at their top level. */
  #awaitModules(cell: ConvertResult, files: readonly string[]): void {
    if (cell.output === undefined) return;
    cell.output = awaitModules(files) + cell.output;
    cell.hasToplevelAwait = true;
    cell.sideOutputs &&= this.#tsModules.takeOver(cell.sideOutputs, files, AWAITED);
  }

  #keepDeclarations({ converted }: Cell, ok: boolean, before: Readonly<Record<string, unknown>>): void {
    const after = converted?.declOutput;
    if (!converted || after === undefined || converted.diagnostics.length > 0) return;
    const { locals } = this.#executor;
    const wasSet = (name: string) =>
      Object.hasOwn(locals, name) && (!Object.hasOwn(before, name) || locals[name] !== before[name]);
    this.#declarations = ok ? after : keptDeclarations(this.#declarations, after, wasSet);
  }

  #failure({ diagnostics, code, number, thrown, interrupted }: Cell): Failure {
    if (interrupted || isInterruption(thrown?.error)) return failureOfInterrupt(thrown?.error);
    if (diagnostics.length > 0) return failureOfDiagnostics(diagnostics, code, number);
    return failureOf(thrown?.error, this.sources);
  }
}

function newCell(code: string, number: number): Cell {
  return {
    number,
    code,
    diagnostics: [],
    converted: null,
    imports: [],
    awaited: [],
    value: undefined,
    thrown: null,
    interrupted: false,
  };
}

/** Waits until messages of other threads were taken, at one point of the event loop. Not by the global, which an interrupted cell waits for in vain. */
async function nextMessages(): Promise<void> {
  await new Promise((resolve) => nextTurn(resolve));
  await new Promise((resolve) => nextTurn(resolve));
}

/** The first quoted name of each message: the variable it is about. */
function namesIn(diagnostics: readonly Diagnostic[]): Set<string> {
  return new Set(diagnostics.map(({ messageText }) => /'([^']+)'/.exec(messageText)?.[1] ?? ""));
}

function isInterruption(error: unknown): boolean {
  return error instanceof Error && error.message === "Interrupted asynchronously";
}
