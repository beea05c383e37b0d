import { SourceMap } from "node:module";
import { resolve } from "node:path";
import type { TranspiledStep } from "./compilerHooks";
import { inlineMap, isCell, mappedSource } from "./inlineMap";
import type { Shift } from "./liveVariables";

/** Name a cell has in stack traces. */
export function cellFile(count: number): string {
  return `cell_${count}.ts`;
}

const POSITION = /((?:[A-Za-z]:)?[^\s():]+):(\d+):(\d+)/;
const CELL = /^cell_(\d+)\.ts$/;
/** Lines the converter puts before a cell. */
const LINES_BEFORE = 1;

/** A position in a compiled file, from 0, and where it was written. */
interface Place {
  line: number;
  column: number;
}

/** Leads positions in compiled code back to what was written. */
class Origin {
  readonly #lines: number;
  readonly #shifts: readonly Shift[];
  readonly #texts: { first: string; second: string };
  #maps: { first: SourceMap; second: SourceMap } | null = null;

  constructor({ input, shifts, output }: TranspiledStep) {
    this.#lines = output.outputText.split("\n").length;
    this.#shifts = shifts;
    this.#texts = { first: inlineMap(input), second: output.sourceMapText ?? "" };
  }

  get source(): string {
    return mappedSource(this.#texts.first);
  }

  /** Null for code that was not written: what wraps a cell. */
  of({ line, column }: Place): Place | null {
    if (line >= this.#lines) return null;
    this.#maps ??= {
      first: new SourceMap(JSON.parse(this.#texts.first)),
      second: new SourceMap(JSON.parse(this.#texts.second)),
    };
    const middle = this.#maps.second.findEntry(line, column);
    if (!("originalLine" in middle)) return null;
    const shift = this.#shifts.find((one) => one.line === middle.originalLine)?.length ?? 0;
    const original = this.#maps.first.findEntry(
      middle.originalLine,
      Math.max(0, middle.originalColumn - shift),
    );
    if (!("originalLine" in original)) return null;
    return { line: original.originalLine, column: original.originalColumn };
  }
}

interface Cell {
  code: string;
  origin: Origin | null;
}

/** Remembers what cells, and the modules they import, looked like, and makes stack traces name the lines that were written. */
export class CellSources {
  readonly #directory: string;
  readonly #cells = new Map<string, Cell>();
  /** Modules beside the notebook, by the file that runs. */
  readonly #modules = new Map<string, { source: string; origin: Origin }>();
  #latest: Origin | null = null;

  /** @param directory of the notebook */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes a step of the compilation in progress. */
  transpiled(step: TranspiledStep): void {
    const origin = new Origin(step);
    if (isCell(step.input)) {
      this.#latest = origin;
      return;
    }
    // The map is relative to the converter's output folder.
    const source = resolve(this.#directory, "outDir", origin.source);
    this.#modules.set(source.replace(/\.[jt]sx?$/, ".js"), { source, origin });
  }

  /** Files the cell that was just compiled under its number. */
  remember(cell: number, code: string): void {
    this.#cells.set(cellFile(cell), { code, origin: this.#latest });
    this.#latest = null;
  }

  codeOf(cell: number): string | null {
    return this.#cells.get(cellFile(cell))?.code ?? null;
  }

  /**
   * Writes positions as they were written into the frames of a stack trace. What ran the cell is left out.
   * @param frames as `at` lines have them, without `at`
   */
  original(frames: readonly string[]): string[] {
    const result: string[] = [];
    for (const frame of frames) {
      const mapped = this.#originalFrame(frame);
      if (mapped === null) break;
      result.push(mapped);
    }
    return result;
  }

  /** Null for what wraps a cell. */
  #originalFrame(frame: string): string | null {
    const match = POSITION.exec(frame);
    if (!match) return frame;
    const [text, file] = match;
    const compiled = { line: Number(match[2]) - 1, column: Number(match[3]) - 1 };
    const cell = this.#cells.get(file);
    const module = cell ? undefined : this.#modules.get(file);
    const origin = cell?.origin ?? module?.origin;
    if (!origin) return frame;
    const place = origin.of(compiled);
    if (!place) return cell ? null : frame;
    const line = place.line + 1 - (cell ? LINES_BEFORE : 0);
    return frame.replace(text, `${module?.source ?? file}:${line}:${place.column + 1}`);
  }
}

/** The place in a cell that a frame names; null when it names another. */
export function cellPosition(frame: string): { cell: number; line: number; column: number } | null {
  const [, file, line, column] = POSITION.exec(frame) ?? [];
  const cell = CELL.exec(file ?? "")?.[1];
  return cell === undefined ? null : { cell: Number(cell), line: Number(line), column: Number(column) };
}
