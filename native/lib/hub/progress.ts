import { Progress } from "../progress";

/** How far a download has come: `done` of `total` bytes, over all files that are needed. */
export interface DownloadProgress {
  stage: "download";
  done: number;
  total: number;
}

const EVERY_MS = 50;

/** Adds up what arrives of several files, and tells it: to a function, or else on a line of its own. */
export class ProgressReporter {
  readonly #bytes: number[] = [];
  readonly #onProgress: ((progress: DownloadProgress) => void) | undefined;
  readonly #line: Progress;
  #total = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(what: string, onProgress?: (progress: DownloadProgress) => void) {
    this.#onProgress = onProgress;
    this.#line = new Progress(`downloading ${what}`, { unit: "B" });
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
      this.#report();
    };
  }

  /** Nothing more comes of the files so far. */
  end(): void {
    this.#last = Number.NEGATIVE_INFINITY;
    this.#report();
    this.#line.end();
  }

  #report(): void {
    const done = this.#bytes.reduce((sum, bytes) => sum + bytes, 0);
    const total = this.#total;
    if (this.#onProgress) this.#onProgress({ stage: "download", done, total });
    else this.#line.update(done, total);
  }
}
