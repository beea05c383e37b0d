import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { InterruptState } from "../control/interruptState";
import type { FromWire, ToWire, WireThreadData } from "./threadMessages";

/** The main thread's end of the wire thread. */
export class WireClient {
  readonly #worker: Worker;
  readonly #barriers = new Map<number, () => void>();
  #nextBarrier = 0;

  /** @param ahead a module with a native part, see {@link WireThreadData} */
  constructor(connectionFile: string, state: InterruptState, ahead: string) {
    const workerData: WireThreadData = { connectionFile, interruptState: state.buffer, ahead };
    this.#worker = new Worker(join(__dirname, "wireThread.js"), { workerData });
    this.#worker.on("error", (error) => {
      // Without its sockets the kernel can neither say nor do anything.
      console.error(error);
      process.exit(1);
    });
  }

  onMessage(handle: (message: FromWire) => void): void {
    this.#worker.on("message", (message: FromWire) => {
      if (message.kind !== "barrier") return handle(message);
      this.#barriers.get(message.id)?.();
      this.#barriers.delete(message.id);
    });
  }

  post(message: ToWire): void {
    this.#worker.postMessage(message);
  }

  /** Calls back after every shell message that has arrived by now was handled. */
  barrier(done: () => void): void {
    const id = this.#nextBarrier++;
    this.#barriers.set(id, done);
    this.post({ kind: "barrier", id });
  }

  /** Sends what is still waiting; calls back when the sockets are closed. */
  close(done: () => void): void {
    this.#worker.once("exit", done);
    this.post({ kind: "close" });
  }
}
