import { inspect } from "node:util";
import type { Diagnostic } from "tslab/dist/converter";
import { type CellSources, cellPosition } from "./cellSources";
import { codeFrame, colour } from "./codeFrame";
import { hintForIPython } from "./foreignSyntax";

/** An error the way a front end shows it. */
export interface Failure {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Frames of the machinery around a cell, which say nothing to its author. */
const MACHINERY =
  /[\\/]tslab[\\/]dist[\\/]|\bnode:|<anonymous>:\d|[\\/]kernel[\\/](dist|src)[\\/]|[\\/]native[\\/]dist[\\/](dispatch|ops)[\\/]/;
const MAX_FRAMES = 30;
const MAX_CAUSES = 8;

/** Name of the library's errors of work that was cancelled. */
const CANCELLED = "CancelledError";

export function isCancellation(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === CANCELLED;
}

/** An interrupted cell. @param thrown what it threw, where the library says what became of its work */
export function failureOfInterrupt(thrown: unknown): Failure {
  const text = "the cell was interrupted; its variables are kept";
  const more = isCancellation(thrown) ? [thrown.message] : [];
  return {
    ename: "Interrupted",
    evalue: [text, ...more].join("\n"),
    traceback: [colour.error("Interrupted"), `T${text.slice(1)}.`, ...more],
  };
}

/** Diagnostics of the compiler, as tsc prints them, each with the lines it is about. */
export function failureOfDiagnostics(
  diagnostics: readonly Diagnostic[],
  code: string,
  cell: number,
): Failure {
  const traceback: string[] = [];
  const summary: string[] = [];
  const hints = new Set<string>();
  const lines = code.split("\n");
  for (const { start, end, messageText, code: number, fileName } of diagnostics) {
    const place = `${fileName ?? `cell ${cell}`}:${start.line + 1}:${start.character + 1}`;
    summary.push(`${place} - ${messageText}`);
    traceback.push(
      `${colour.place(place)} - ${colour.error("error")} ${colour.faint(`TS${number}:`)} ${messageText}`,
    );
    if (fileName === undefined) {
      const hint = hintForIPython(lines[start.line] ?? "");
      if (hint !== undefined) hints.add(hint);
      const length = end.line === start.line ? end.character - start.character : 1;
      traceback.push("", ...codeFrame(code, start.line + 1, start.character + 1, length), "");
    }
  }
  return {
    ename: "TypeScriptError",
    evalue: [...summary, ...hints].join("\n"),
    traceback: [...traceback, ...hints],
  };
}

/** Anything a cell threw. */
export function failureOf(thrown: unknown, sources: CellSources): Failure {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
    const text = inspect(thrown);
    return { ename: "Thrown", evalue: text, traceback: [`${colour.error("Thrown:")} ${text}`] };
  }
  const traceback: string[] = [];
  const seen = new Set<unknown>();
  let error: ErrorLike | null = thrown;
  while (error && !seen.has(error) && seen.size < MAX_CAUSES) {
    if (seen.size > 0) traceback.push("", "Caused by:");
    seen.add(error);
    traceback.push(...describe(error, sources, seen.size === 1));
    if (Array.isArray(error.errors)) {
      for (const one of error.errors) traceback.push(`  ${isErrorLike(one) ? title(one) : inspect(one)}`);
    }
    error = isErrorLike(error.cause) ? error.cause : null;
  }
  return { ename: String(thrown.name), evalue: String(thrown.message), traceback };
}

interface ErrorLike {
  name: string;
  message: string;
  stack?: string;
  cause?: unknown;
  errors?: unknown;
}

/** Errors of other realms are no `instanceof Error`. */
function isErrorLike(value: unknown): value is ErrorLike {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as ErrorLike).name === "string" &&
    typeof (value as ErrorLike).message === "string"
  );
}

function title(error: ErrorLike): string {
  return `${colour.error(error.name)}: ${error.message}`;
}

function describe(error: ErrorLike, sources: CellSources, withCode: boolean): string[] {
  const lines = [title(error)];
  let code: string[] = [];
  for (const frame of (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line))) {
    const position = cellPosition(frame);
    if (!position && MACHINERY.test(frame)) continue;
    if (lines.length > MAX_FRAMES) break;
    if (!position) {
      lines.push(colour.faint(frame));
      continue;
    }
    const name = /^\s+at (?:async )?(?:new )?([^\s(]+) \(/.exec(frame)?.[1]?.replace(/^Proxy\./, "");
    const place = colour.place(`cell ${position.cell}:${position.line}:${position.column}`);
    lines.push(name && name !== "eval" ? `    at ${name} (${place})` : `    at ${place}`);
    const text = sources.codeOf(position.cell);
    if (withCode && code.length === 0 && text !== null)
      code = ["", ...codeFrame(text, position.line, position.column)];
  }
  return [...lines, ...code];
}
