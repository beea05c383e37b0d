import ts from "typescript";

export type Completeness =
  | { status: "complete" | "invalid" | "unknown" }
  | { status: "incomplete" /** White space to start the next line with. */; indent: string };

const INDENT = "  ";
/** Diagnostics that more text can put right, wherever they are reported. */
const UNTERMINATED = new Set([
  1160, // Unterminated template literal.
  1010, // '*/' expected.
]);

/** Parse diagnostics are not in the public types. */
interface ParsedFile extends ts.SourceFile {
  readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[];
}

/** Whether a cell can run, can never run, or waits for more. "unknown" where the text is no TypeScript (a `%magic`). */
export function completeness(code: string): Completeness {
  if (/^\s*%/.test(code)) return { status: "unknown" };
  const file: ParsedFile = ts.createSourceFile(
    "cell.ts",
    code,
    ts.ScriptTarget.Latest,
    false,
    ts.ScriptKind.TS,
  );
  const diagnostics = file.parseDiagnostics ?? [];
  if (diagnostics.length === 0) return { status: "complete" };
  const end = code.trimEnd().length;
  const [first] = diagnostics;
  if (UNTERMINATED.has(first.code) || first.start >= end)
    return { status: "incomplete", indent: nextIndent(code) };
  return { status: "invalid" };
}

/** Indent of the last line, one step deeper after an opening bracket. */
function nextIndent(code: string): string {
  const line = code.trimEnd().split("\n").at(-1) ?? "";
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  return /[{([]\s*$/.test(line) || /=>\s*$/.test(line) ? indent + INDENT : indent;
}
