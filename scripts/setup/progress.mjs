// @ts-check

const heartbeatMs = 15_000;

/**
 * One line a step. In a terminal the line under work shows what the tool last said; elsewhere (a log, CI) that is printed
 * now and then, so that a long step is seen to live.
 */
export class Progress {
  #title = "";
  #detail = "";
  #startedAt = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {NodeJS.WritableStream & { isTTY?: boolean, columns?: number }} [stream] */
  constructor(stream = process.stdout) {
    this.stream = stream;
  }

  /** @param {string} title */
  begin(title) {
    this.#title = title;
    this.#detail = "";
    this.#startedAt = Date.now();
    if (this.stream.isTTY) this.#draw();
    else this.note(`  … ${title}`);
    this.#timer = setInterval(() => this.#beat(), this.stream.isTTY ? 1000 : heartbeatMs);
    this.#timer.unref();
  }

  /** @param {string} line what the tool said */
  say(line) {
    this.#detail = line;
    if (this.stream.isTTY) this.#draw();
  }

  done() {
    this.#end("✓");
  }

  failed() {
    this.#end("✗");
  }

  /** @param {string} line */
  note(line) {
    this.stream.write(`${line}\n`);
  }

  #beat() {
    if (this.stream.isTTY) this.#draw();
    else this.note(`    ${this.#elapsed()}: ${this.#detail.slice(0, 110) || "at work"}`);
  }

  #draw() {
    const text = `  … ${this.#title} (${this.#elapsed()})${this.#detail && `: ${this.#detail}`}`;
    this.stream.write(`\r\x1b[2K${text.slice(0, (this.stream.columns ?? 80) - 1)}`);
  }

  /** @param {string} mark */
  #end(mark) {
    clearInterval(this.#timer);
    this.stream.write(
      `${this.stream.isTTY ? "\r\x1b[2K" : ""}  ${mark} ${this.#title} (${this.#elapsed()})\n`,
    );
  }

  #elapsed() {
    return seconds(Date.now() - this.#startedAt);
  }
}

/** @param {number} ms */
function seconds(ms) {
  return ms < 90_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
