/** How far a download has come: `done` of `total` bytes, over all files that are needed. */
export interface DownloadProgress {
  stage: "download";
  done: number;
  total: number;
}

const EVERY_MS = 50;
/** Downloads that are done by then need no line. */
const QUICK_MS = 500;
const BAR = 24;

/** Adds up what arrives of several files, and tells it: to a function, or else on a line of the terminal. */
export class ProgressReporter {
  readonly #bytes: number[] = [];
  readonly #tell: (progress: DownloadProgress, isEnd: boolean) => void;
  #total = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(what: string, onProgress?: (progress: DownloadProgress) => void) {
    this.#tell = onProgress ?? terminalLine(what);
  }

  /** A file of `size` bytes is to come; returns what is to be told how many of them are there. */
  add(size: number): (there: number) => void {
    const index = this.#bytes.push(0) - 1;
    this.#total += size;
    return (there) => {
      this.#bytes[index] = there;
      const now = performance.now();
      if (now - this.#last < EVERY_MS) return;
      this.#last = now;
      this.#report(false);
    };
  }

  /** Nothing more comes of the files so far. */
  end(): void {
    this.#last = Number.NEGATIVE_INFINITY;
    this.#report(true);
  }

  #report(isEnd: boolean): void {
    const done = this.#bytes.reduce((sum, bytes) => sum + bytes, 0);
    this.#tell({ stage: "download", done, total: this.#total }, isEnd);
  }
}

/** One line that is written over as a download goes on; nothing where the output is no terminal, or it is quick. */
function terminalLine(what: string): (progress: DownloadProgress, isEnd: boolean) => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  const started = performance.now();
  let isShown = false;
  return (progress, isEnd) => {
    const elapsed = performance.now() - started;
    if (isEnd && !isShown) return;
    if (elapsed < QUICK_MS) return;
    isShown = !isEnd;
    const line = describeProgress(what, progress, elapsed).slice(0, stderr.columns - 1);
    stderr.write(`\r\u001b[2K${line}${isEnd ? "\n" : ""}`);
  };
}

/**
 * `loading x ████░░░░ 120/272 · 1.2 s, 0.4 s left` for tensors, and for downloads
 * `downloading x ████░░░░ 0.3/2.2 GB · 12.0 s, 80.4 s left`.
 */
export function describeProgress(
  what: string,
  { stage, done, total }: { stage: string; done: number; total: number },
  elapsedMs: number,
): string {
  const filled = Math.round((BAR * done) / Math.max(total, 1));
  const bar = `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`;
  const left = done > 0 && done < total ? `, ${seconds((elapsedMs * (total - done)) / done)} left` : "";
  const isDownload = stage === "download";
  const amount = isDownload ? bytes(done, total) : `${done}/${total}`;
  return `${isDownload ? "downloading" : "loading"} ${what} ${bar} ${amount} · ${seconds(elapsedMs)}${left}`;
}

function bytes(done: number, total: number): string {
  const [unit, size] = total >= 1e9 ? ["GB", 1e9] : total >= 1e6 ? ["MB", 1e6] : ["kB", 1e3];
  return `${(done / size).toFixed(1)}/${(total / size).toFixed(1)} ${unit}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
