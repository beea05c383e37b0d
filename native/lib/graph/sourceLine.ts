import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import path from "node:path";

/** Folders of this package whose frames are machinery, not the model's own code. */
const MACHINERY = ["graph", "dispatch", "tensor", "ops", "placement", "generated"].map(
  (folder) => path.join(__dirname, "..", folder) + path.sep,
);
const MACHINERY_FILES = ["torch", "binding", path.join("nn", "module")].map((file) =>
  path.join(__dirname, "..", file),
);
const FRAME = /^\s*at (?:.*? \()?(?:file:\/\/)?([^()]+):(\d+):(\d+)\)?$/;
const STACK_DEPTH = 30;

/** Where in a model's code an operator was called. */
export interface SourceLocation {
  file: string;
  line: number;
  column: number;
}

function isMachinery(file: string): boolean {
  return (
    file.startsWith("node:") ||
    MACHINERY.some((folder) => file.startsWith(folder)) ||
    MACHINERY_FILES.some((stem) => file === `${stem}.js` || file === `${stem}.ts`)
  );
}

/** The innermost frame of the current stack that belongs to a model. */
export function currentLocation(): SourceLocation | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, currentLocation);
  Error.stackTraceLimit = limit;
  for (const text of (holder.stack ?? "").split("\n").slice(1)) {
    const frame = FRAME.exec(text);
    if (frame && !isMachinery(frame[1])) {
      return { file: frame[1], line: Number(frame[2]), column: Number(frame[3]) };
    }
  }
  return null;
}

/**
 * Turns locations into text with the line itself (`gpt2.ts:54: return x.add(y)`), reading each file once. Where a
 * compiled file has a source map beside it, the line is the one that was written.
 */
export class SourceReader {
  readonly #files = new Map<string, string[]>();
  readonly #maps = new Map<string, SourceMap | null>();

  describe(location: SourceLocation): string {
    const { file, line } = this.#original(location);
    const text = this.#lines(file)[line - 1]?.trim();
    const place = `${path.basename(file)}:${line}`;
    return text ? `${place}: ${text}` : place;
  }

  #original({ file, line, column }: SourceLocation): { file: string; line: number } {
    const entry = this.#map(file)?.findEntry(line - 1, column - 1);
    if (!entry || !("originalSource" in entry)) return { file, line };
    const original = path.resolve(path.dirname(file), entry.originalSource);
    return existsSync(original) ? { file: original, line: entry.originalLine + 1 } : { file, line };
  }

  #map(file: string): SourceMap | null {
    let map = this.#maps.get(file);
    if (map === undefined) {
      try {
        map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")));
      } catch {
        map = null;
      }
      this.#maps.set(file, map);
    }
    return map;
  }

  #lines(file: string): string[] {
    let lines = this.#files.get(file);
    if (!lines) {
      try {
        lines = readFileSync(file, "utf8").split("\n");
      } catch {
        // Code that was never a file (a notebook cell) has a place but no text.
        lines = [];
      }
      this.#files.set(file, lines);
    }
    return lines;
  }
}
