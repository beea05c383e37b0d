import { basename } from "node:path";
import { format } from "node:util";
import type { Converter, ConvertResult, Diagnostic } from "tslab/dist/converter";
import type { Executor } from "tslab/dist/executor";
import type ts from "typescript";
import { CellSources, cellFile } from "./cellSources";
import { compilerForTslab } from "./compilerHooks";
import { cellOptions } from "./compilerOptions";
import { type Failure, failureOf, failureOfDiagnostics, INTERRUPTED } from "./failure";
import { redirectModules } from "./moduleRedirects";
import { annotateAny, prepareCell } from "./prepareCell";

export type Outcome =
  /** `value` is undefined where the cell ends in no value. */
  { status: "ok"; value: unknown } | { status: "error"; failure: Failure };

export interface LanguageOptions {
  /** Modules that resolve to the kernel's own, with the file of their types. */
  modules: ReadonlyMap<string, { load: () => unknown; types: string }>;
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

/** TypeScript cells: tslab's converter and executor on stock TypeScript. One a process, because it hooks module loading. */
export class Language {
  readonly sources = new CellSources();
  readonly #converter: Converter;
  readonly #executor: Executor;
  readonly #shield: LanguageOptions["shield"];
  readonly #types: CellTypes;
  readonly #declared = new Set<string>();
  #cell = 0;
  #code = "";
  #diagnostics: readonly Diagnostic[] = [];
  #value: unknown;
  #thrown: { error: unknown } | null = null;

  constructor({ modules, shield, types }: LanguageOptions) {
    this.#shield = shield;
    this.#types = types;
    const paths = Object.fromEntries([...modules].map(([name, { types }]) => [name, [types]]));
    const compiler = compilerForTslab({
      options: (asked) => cellOptions(asked, paths),
      transpiled: (input, output) => this.sources.transpiled(input, output),
      isOwn: (file) => this.#declared.has(basename(file, ".ts")),
      review: (found, file, checker) => types.review(found, file, checker),
    });
    redirectModules(
      new Map<string, () => unknown>([
        ["@tslab/typescript-for-tslab", () => compiler],
        ...[...modules].map(([name, { load }]) => [name, load] as const),
      ]),
    );
    // Loaded here, not at the top: only now do they get our compiler.
    const { createConverter } = require("tslab/dist/converter") as typeof import("tslab/dist/converter");
    const { createExecutor } = require("tslab/dist/executor") as typeof import("tslab/dist/executor");
    this.#converter = createConverter({ isJS: false, isBrowser: false });
    const wrapped: Converter = {
      ...this.#converter,
      convert: (previous, code) => this.#convert(this.#refined(previous, code), code),
      complete: (previous, code, position) =>
        this.#converter.complete(this.#refined(previous, code), code, position),
      inspect: (previous, code, position) =>
        this.#converter.inspect(this.#refined(previous, code), code, position),
    };
    this.#executor = createExecutor(
      process.cwd(),
      { node: wrapped, browser: wrapped, close: () => this.#converter.close() },
      {
        log: (value: unknown) => {
          this.#value = value;
        },
        error: (...values: unknown[]) => {
          this.#thrown ??= { error: values.length === 1 ? values[0] : new Error(format(...values)) };
        },
      },
    );
  }

  /** Adds `declare global { … }` and the like; giving a name again replaces what it declared. */
  declare(name: string, declarations: string): void {
    this.#declared.add(name);
    this.#shield(() => this.#converter.addModule(name, declarations));
  }

  /** Runs a cell. @param cell its number, by which stack traces call it */
  async execute(code: string, cell: number): Promise<Outcome> {
    this.#cell = cell;
    this.#code = code;
    this.#diagnostics = [];
    this.#value = undefined;
    this.#thrown = null;
    const ok = await this.#executor.execute(code);
    if (ok) return { status: "ok", value: this.#value };
    return { status: "error", failure: this.#failure() };
  }

  /** Ends a cell that waits; code that runs is stopped by other means. */
  interrupt(): void {
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
    return this.#shield(() => {
      const { candidates, original, start, end } = this.#executor.complete(code, position);
      return { candidates, info: original, start, end };
    });
  }

  /** What the compiler says about the name at a UTF-16 position. */
  quickInfo(code: string, position: number): ts.QuickInfo | undefined {
    return this.#shield(() => this.#executor.inspect(code, position));
  }

  close(): void {
    this.#executor.close();
  }

  #refined(previous: string, code: string): string {
    return this.#shield(() => this.#types.refine(previous, code, this.locals));
  }

  #convert(previous: string, code: string): ConvertResult {
    return this.#shield(() => {
      const prepared = prepareCell(code);
      let result = this.#converter.convert(previous, prepared);
      const unnameable = namesIn(result.diagnostics.filter(({ code: number }) => UNNAMEABLE.has(number)));
      if (unnameable.size > 0) {
        const annotated = annotateAny(prepared, unnameable);
        if (annotated !== null) result = this.#converter.convert(previous, annotated);
      }
      this.#diagnostics = result.diagnostics;
      this.sources.remember(this.#cell, code);
      if (result.output !== undefined) result.output += `\n//# sourceURL=${cellFile(this.#cell)}`;
      return result;
    });
  }

  #failure(): Failure {
    if (this.#diagnostics.length > 0) return failureOfDiagnostics(this.#diagnostics, this.#code, this.#cell);
    const error = this.#thrown?.error;
    return isInterruption(error) ? INTERRUPTED : failureOf(error, this.sources);
  }
}

/** The first quoted name of each message: the variable it is about. */
function namesIn(diagnostics: readonly Diagnostic[]): Set<string> {
  return new Set(diagnostics.map(({ messageText }) => /'([^']+)'/.exec(messageText)?.[1] ?? ""));
}

function isInterruption(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    (error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED" ||
    error.message === "Interrupted asynchronously"
  );
}
