import type { IncomingMessage, OutgoingMessage } from "./message";
import type { StreamText } from "./streamBuffer";

/** What the wire thread is started with. */
export interface WireThreadData {
  connectionFile: string;
  /** Shared with the main thread: see `control/interruptState.ts`. */
  interruptState: SharedArrayBuffer;
  /**
   * A module to load on one more thread when the main thread says so, while that compiles the first cell that needs it. Its libraries stay with
   * the process: the main thread's own turn is short then.
   */
  ahead: string;
}

export type ReplyChannel = "shell" | "stdin";

/** Main thread → wire thread. */
export type ToWire =
  | { kind: "publish"; message: OutgoingMessage }
  | { kind: "reply"; channel: ReplyChannel; identities: Uint8Array[]; message: OutgoingMessage }
  | { kind: "stream"; stream: StreamText }
  /** Asks for an answer after everything that has arrived on the shell socket was passed on. */
  | { kind: "barrier"; id: number }
  | { kind: "load" }
  | { kind: "close" };

/** Wire thread → main thread. */
export type FromWire =
  | { kind: "shell"; message: IncomingMessage }
  | { kind: "stdin"; message: IncomingMessage }
  | { kind: "barrier"; id: number }
  | { kind: "interrupt" }
  | { kind: "shutdown" };
