import { Session } from "node:inspector";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { REPAIR_EXPRESSION } from "./asyncStack";
import { type InterruptState, Phase } from "./interruptState";

/** How long the main thread has to notice an interrupt by itself. */
const GRACE_MS = 80;
const POLL_MS = 10;
const PAUSE_MS = 400;
/** Code that does not pause for so long is within C++. */
const NATIVE_MS = 60;
const MAX_STEPS = 100;
/** Code that its addon calls stands on top of C++, which code must not be taken away from. */
const LIBRARY = pathToFileURL(dirname(require.resolve("@graphpatch/native"))).href;
/** The kernel's own code: where nothing else runs on top of it, it is at work for somebody. */
const KERNEL = pathToFileURL(dirname(__dirname)).href;

interface Paused {
  params: { callFrames: { url: string; location: { scriptId: string } }[] };
}

interface ScriptParsed {
  params: { scriptId: string; url: string };
}

/** How the interrupter reaches the main thread. */
export interface MainThread {
  /** Sends it the message that it is to stop; it acknowledges in the state. */
  ask(): void;
  /** Lets it stop waiting for an operator that takes long. */
  leaveNative(): void;
}

/**
 * Stops what the main thread runs, from another thread.
 *
 * A cell that waits is ended by a message, through the event loop. Code that blocks the loop gets no messages: V8 is told to terminate
 * what it executes. Not by SIGINT, which tslab runs cells with as well: it would also terminate inside of a call of the addon, and
 * node-addon-api ends the process then.
 */
export class Interrupter {
  readonly #state: InterruptState;
  readonly #main: MainThread;
  readonly #inspector = new Session();
  /** Ids of the scripts of the library. */
  readonly #library = new Set<string>();
  #running = false;

  constructor(state: InterruptState, main: MainThread) {
    this.#state = state;
    this.#main = main;
    this.#inspector.connectToMainThread();
    this.#inspector.on("Debugger.scriptParsed", ({ params: { scriptId, url } }: ScriptParsed) => {
      if (url.startsWith(LIBRARY)) this.#library.add(scriptId);
    });
  }

  async interrupt(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      const before = this.#state.acknowledged;
      this.#main.ask();
      if (await this.#noticed(before)) return;
      // First, because the cell then ends by itself: its operator throws.
      if (this.#state.phase !== Phase.kernel) this.#main.leaveNative();
      for (let patience = PAUSE_MS; !(await this.#noticed(before)); patience *= 2) {
        await this.#terminate(before, patience);
        // What was terminated may have been the message's own handling.
        if (!(await this.#noticed(before))) this.#main.ask();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Waits for the main thread to notice; as long as the kernel does its own work, which must not be stopped half-way. */
  async #noticed(before: number): Promise<boolean> {
    let waited = 0;
    while (waited < GRACE_MS) {
      await sleep(POLL_MS);
      if (this.#state.acknowledged !== before) return true;
      waited = this.#state.phase === Phase.kernel ? 0 : waited + POLL_MS;
    }
    return false;
  }

  /**
   * Stops the main thread where it stands, unless it has noticed in the meantime and runs something else.
   * @param patience how long it may take to stand still, in milliseconds
   */
  #terminate(before: number, patience: number): Promise<void> {
    return new Promise((resolve) => {
      let steps = 0;
      const isNative = setTimeout(() => {
        if (this.#state.phase !== Phase.kernel && this.#state.acknowledged === before)
          this.#main.leaveNative();
      }, NATIVE_MS);
      const leave = () => {
        clearTimeout(timer);
        // It may pause until it hears of this. V8 ends the process when it is told to step while no debugger is there (its
        // CheckExecutionState), and goes on by itself.
        this.#inspector.removeAllListeners("Debugger.paused");
        this.#inspector.post("Debugger.disable", () => resolve());
      };
      // Nothing pauses when nothing runs; and what runs later must not.
      const timer = setTimeout(leave, patience);
      const stop = ({ params }: Paused) => {
        clearTimeout(isNative);
        if (this.#library.has(params.callFrames[0]?.location.scriptId) && steps++ < MAX_STEPS) {
          this.#inspector.post("Debugger.stepOut");
          return;
        }
        const isUsers = params.callFrames.some(
          ({ url }) => !url.startsWith("node:") && !url.startsWith(KERNEL),
        );
        if (isUsers && this.#state.phase !== Phase.kernel && this.#state.acknowledged === before) {
          this.#inspector.post("Runtime.evaluate", { expression: REPAIR_EXPRESSION });
          this.#inspector.post("Runtime.terminateExecution");
        }
        this.#inspector.post("Debugger.resume");
        leave();
      };
      this.#inspector.on("Debugger.paused", stop);
      this.#inspector.post("Debugger.enable");
      this.#inspector.post("Debugger.pause");
    });
  }

  close(): void {
    this.#inspector.disconnect();
  }
}
