import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { REPAIR_EXPRESSION } from "./asyncStack";
import { type InterruptState, Phase } from "./interruptState";

/** How long the main thread has to notice a SIGINT by itself. */
const GRACE_MS = 120;
const POLL_MS = 10;
const PAUSE_MS = 400;

/**
 * Stops what the main thread runs, from another thread.
 *
 * SIGINT ends synchronous code of a cell (it runs in a vm script that listens for it) and, through the event loop, a cell that
 * waits. Code that blocks the loop after an `await` notices nothing: V8 is told to terminate what it executes.
 */
export class Interrupter {
  readonly #state: InterruptState;
  readonly #inspector = new Session();
  #running = false;

  constructor(state: InterruptState) {
    this.#state = state;
    this.#inspector.connectToMainThread();
  }

  async interrupt(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      const before = this.#state.acknowledged;
      while (this.#state.acknowledged === before) {
        if (await this.#signal(before)) return;
        await this.#terminate();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Sends SIGINT while it can reach a cell. @returns whether the main thread noticed */
  async #signal(before: number): Promise<boolean> {
    let shielded: boolean;
    do {
      process.kill(process.pid, "SIGINT");
      shielded = false;
      for (let waited = 0; waited < GRACE_MS; waited += POLL_MS) {
        await sleep(POLL_MS);
        if (this.#state.acknowledged !== before) return true;
        // A signal sent while the kernel compiles does not reach the cell that starts afterwards.
        shielded ||= this.#state.phase === Phase.kernel;
      }
    } while (shielded);
    return false;
  }

  /** Stops the main thread where it stands. */
  #terminate(): Promise<void> {
    return new Promise((resolve) => {
      const stop = () => {
        this.#inspector.post("Runtime.evaluate", { expression: REPAIR_EXPRESSION });
        this.#inspector.post("Runtime.terminateExecution");
        this.#inspector.post("Debugger.resume");
        this.#inspector.post("Debugger.disable", () => resolve());
      };
      this.#inspector.removeAllListeners("Debugger.paused");
      this.#inspector.once("Debugger.paused", stop);
      this.#inspector.post("Debugger.enable");
      this.#inspector.post("Debugger.pause");
      // Nothing pauses when nothing runs.
      setTimeout(resolve, PAUSE_MS);
    });
  }

  close(): void {
    this.#inspector.disconnect();
  }
}
