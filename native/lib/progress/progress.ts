import { describeProgress } from "./format";

/** A line that is written over as work goes on. */
export interface ProgressLine {
  /** Puts `text` in the place of what the line said. */
  show(text: string): void;
  /** What the line says for good. */
  end(text: string): void;
}

/** Work that is done by then needs no line. */
const QUICK_MS = 500;
const EVERY_MS = 100;

let makeLine: () => ProgressLine | null = terminalLine;

/** Sets where progress is shown: each piece of long work asks for a line when it turns out to be long. Null shows it on a terminal. */
export function setProgressDisplay(make: (() => ProgressLine) | null): void {
  makeLine = make ?? terminalLine;
}

/** Options of a piece of long work. */
export interface ProgressOptions {
  /** How much there is to do; null where nobody knows. */
  total?: number | null;
  /** What is counted: "B" for bytes; "" (the default) for a bare number. */
  unit?: string;
}

/**
 * One piece of long work on one line, with its rate and the time that is left. Nothing is shown of what is done within half a second.
 *
 * @example
 * using line = new Progress("training", { total: 100 });
 * for (let step = 0; step < 100; step++) line.update(await train(step));
 */
export class Progress {
  readonly #started = performance.now();
  readonly #unit: string;
  #line: ProgressLine | null = null;
  #done = 0;
  #total: number | null;
  #last = 0;
  #isEnded = false;

  constructor(
    readonly label: string,
    { total = null, unit = "" }: ProgressOptions = {},
  ) {
    this.#total = total;
    this.#unit = unit;
  }

  /** Says that `done` is done, of `total` where that has become known or has changed. */
  update(done: number, total: number | null = this.#total): void {
    this.#done = done;
    this.#total = total;
    const now = performance.now();
    if (this.#isEnded || now - this.#started < QUICK_MS || now - this.#last < EVERY_MS) return;
    this.#last = now;
    this.#line ??= makeLine();
    this.#line?.show(this.#text());
  }

  /** The work is over, done or not: the line stays as it is now. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#line?.end(this.#text());
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #text(): string {
    const state = { label: this.label, done: this.#done, total: this.#total, unit: this.#unit };
    return describeProgress(state, performance.now() - this.#started);
  }
}

/** The piece of work that the terminal shows: two would write over each other. */
let shown: ProgressLine | null = null;

/** A line on stderr; null where that is no terminal, or shows another line already. */
function terminalLine(): ProgressLine | null {
  const { stderr } = process;
  if (!stderr.isTTY || shown) return null;
  const write = (text: string, end: string) =>
    stderr.write(`\r\u001b[2K${text.slice(0, Math.max(0, stderr.columns - 1))}${end}`);
  const line = {
    show: (text: string) => void write(text, ""),
    end: (text: string) => {
      shown = null;
      write(text, "\n");
    },
  };
  shown = line;
  return line;
}
