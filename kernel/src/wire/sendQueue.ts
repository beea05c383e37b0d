import { writeSync } from "node:fs";

const FORGET_AFTER = 1024;

/** What the queue needs of a ZeroMQ socket. */
export interface SendSocket {
  readonly closed: boolean;
  send(frames: Uint8Array[]): Promise<void>;
}

/**
 * Sends messages in order and loses none.
 *
 * zeromq 6 allows one send at a time to wait and throws EBUSY for the next; after some hundred messages in one turn of the
 * event loop a send does wait. So one send is in flight, and the others stand in line.
 */
export class SendQueue {
  readonly #socket: SendSocket;
  readonly #waiting: Uint8Array[][] = [];
  #sending = false;
  #drained: (() => void)[] = [];

  constructor(socket: SendSocket) {
    this.#socket = socket;
  }

  send(frames: Uint8Array[]): void {
    this.#waiting.push(frames);
    if (!this.#sending) void this.#pump();
  }

  /** Resolves when everything given so far was handed to ZeroMQ. */
  drained(): Promise<void> {
    if (!this.#sending) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  async #pump(): Promise<void> {
    this.#sending = true;
    let next = 0;
    while (next < this.#waiting.length) {
      try {
        await this.#socket.send(this.#waiting[next]);
      } catch (error) {
        if (this.#socket.closed) break;
        if (isBusy(error)) {
          await new Promise(setImmediate);
          continue;
        }
        writeSync(2, `graphpatch-kernel: could not send a message: ${String(error)}\n`);
      }
      next++;
      if (next === FORGET_AFTER) this.#waiting.splice(0, next);
      next %= FORGET_AFTER;
    }
    this.#waiting.length = 0;
    this.#sending = false;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "EBUSY" || code === "EAGAIN";
}
