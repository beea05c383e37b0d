import type { MimeBundle } from "../display/mimeBundle";
import type { Header, JsonObject, OutgoingMessage } from "../wire/message";
import type { StreamName } from "../wire/streamBuffer";
import type { ToWire } from "../wire/threadMessages";
import { currentContext } from "./cellContext";

export interface PublishOptions {
  metadata?: JsonObject;
  buffers?: Uint8Array[];
  /** Header of the request it answers; that of the running cell unless given. */
  parent?: Partial<Header> | null;
}

export type ExecutionState = "busy" | "idle";

/**
 * A message as it is handed to the wire thread.
 * @throws TypeError when content or metadata cannot be written as JSON (a cycle, a bigint)
 */
export function makeMessage(
  type: string,
  content: JsonObject,
  { metadata = {}, buffers = [], parent = null }: PublishOptions,
): OutgoingMessage {
  return { type, content: JSON.stringify(content), metadata: JSON.stringify(metadata), parent, buffers };
}

/** What the kernel says to everybody: the iopub channel. */
export class Outputs {
  readonly #post: (message: ToWire) => void;

  constructor(post: (message: ToWire) => void) {
    this.#post = post;
  }

  status(state: ExecutionState, parent: Header): void {
    this.#post({ kind: "publish", message: makeMessage("status", { execution_state: state }, { parent }) });
  }

  /** Publishes on behalf of the running cell; nothing when that is silent. */
  publish(type: string, content: JsonObject, options: PublishOptions = {}): void {
    const context = currentContext();
    if (context?.silent && options.parent === undefined) return;
    const parent = options.parent === undefined ? (context?.request.header ?? null) : options.parent;
    this.#post({ kind: "publish", message: makeMessage(type, content, { ...options, parent }) });
  }

  stream(name: StreamName, text: string): void {
    const context = currentContext();
    if (context?.silent || text === "") return;
    this.#post({ kind: "stream", stream: { name, text, parent: context?.request.header ?? null } });
  }

  /** Shows a bundle; with `update` it replaces the outputs shown under `id`. */
  display(bundle: MimeBundle, id: string | null, update = false): void {
    this.publish(update ? "update_display_data" : "display_data", {
      ...bundle,
      transient: id === null ? {} : { display_id: id },
    });
  }

  clear(wait: boolean): void {
    this.publish("clear_output", { wait });
  }
}
