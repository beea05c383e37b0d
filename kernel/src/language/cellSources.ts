import { SourceMap } from "node:module";
import type ts from "typescript";

/** Name a cell has in stack traces. */
export function cellFile(count: number): string {
  return `cell_${count}.ts`;
}

const CELL_POSITION = /\bcell_(\d+)\.ts:(\d+):(\d+)/;
const INLINE_MAP = /^\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)$/m;

export interface CellPosition {
  cell: number;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

interface CellSource {
  code: string;
  /** CommonJS → ES module. */
  second: SourceMap | null;
  /** ES module → cell. */
  first: SourceMap | null;
}

/** Remembers what cells looked like, and leads positions in the code that runs back to the lines a user wrote. */
export class CellSources {
  readonly #cells = new Map<number, CellSource>();
  #maps: Pick<CellSource, "first" | "second"> = { first: null, second: null };
  /** Lines the converter puts before a cell. */
  static readonly #LINES_BEFORE = 1;

  /** Takes the maps of the compilation in progress. */
  transpiled(input: string, output: ts.TranspileOutput): void {
    const inline = INLINE_MAP.exec(input)?.[1];
    this.#maps = {
      first: inline ? parseMap(Buffer.from(inline, "base64").toString("utf8")) : null,
      second: output.sourceMapText ? parseMap(output.sourceMapText) : null,
    };
  }

  /** Files the cell that was just compiled under its number. */
  remember(cell: number, code: string): void {
    this.#cells.set(cell, { code, ...this.#maps });
  }

  codeOf(cell: number): string | null {
    return this.#cells.get(cell)?.code ?? null;
  }

  /** The position a stack frame names, in the cell; null when the frame is in no cell. */
  positionOf(frame: string): CellPosition | null {
    const match = CELL_POSITION.exec(frame);
    if (!match) return null;
    const [cell, line, column] = match.slice(1).map(Number);
    const source = this.#cells.get(cell);
    if (!source?.first || !source.second) return { cell, line, column };
    const middle = source.second.findEntry(line - 1, column - 1);
    if (!("originalLine" in middle)) return { cell, line, column };
    const original = source.first.findEntry(middle.originalLine, middle.originalColumn);
    if (!("originalLine" in original)) return { cell, line, column };
    return {
      cell,
      line: original.originalLine + 1 - CellSources.#LINES_BEFORE,
      column: original.originalColumn + 1,
    };
  }
}

function parseMap(text: string): SourceMap {
  return new SourceMap(JSON.parse(text));
}
