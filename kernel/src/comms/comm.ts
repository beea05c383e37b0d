import { randomUUID } from "node:crypto";
import type { Outputs } from "../cells/outputs";
import { type IncomingMessage, isJsonObject, type JsonObject } from "../wire/message";

/** One end of a channel between the kernel and a page. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  send(data: JsonObject, buffers?: Uint8Array[]): void;
  close(data?: JsonObject): void;
  onMessage: ((data: JsonObject, buffers: Uint8Array[]) => void) | null;
  onClose: ((data: JsonObject) => void) | null;
}

/** Called when a page opens a comm to a target. */
export type CommTarget = (comm: Comm, data: JsonObject, buffers: Uint8Array[]) => void;

/** The open comms and the targets pages can open comms to. */
export class Comms {
  readonly #outputs: Outputs;
  readonly #open = new Map<string, Comm>();
  readonly #targets = new Map<string, CommTarget>();

  constructor(outputs: Outputs) {
    this.#outputs = outputs;
  }

  /** Lets pages open comms to `name`. */
  registerTarget(name: string, target: CommTarget): void {
    this.#targets.set(name, target);
  }

  /** Opens a comm from here; the page must know the target. */
  open(target: string, data: JsonObject = {}, buffers: Uint8Array[] = []): Comm {
    const comm = this.#add(randomUUID(), target);
    this.#outputs.publish("comm_open", { comm_id: comm.id, target_name: target, data }, { buffers });
    return comm;
  }

  /** Content of comm_info_reply. @param target only comms of this target */
  info(target: unknown): JsonObject {
    const comms = [...this.#open.values()]
      .filter((comm) => typeof target !== "string" || comm.target === target)
      .map((comm) => [comm.id, { target_name: comm.target }]);
    return { status: "ok", comms: Object.fromEntries(comms) };
  }

  opened({ content, buffers, header }: IncomingMessage): void {
    const { comm_id: id, target_name: name } = content;
    if (typeof id !== "string") return;
    const target = typeof name === "string" ? this.#targets.get(name) : undefined;
    if (!target) {
      this.#outputs.publish("comm_close", { comm_id: id, data: {} }, { parent: header });
      return;
    }
    const comm = this.#add(id, String(name));
    try {
      target(comm, dataOf(content), buffers);
    } catch (error) {
      // The page would wait for ever for a comm that nobody listens to.
      comm.close();
      throw error;
    }
  }

  received({ content, buffers }: IncomingMessage): void {
    this.#open.get(String(content.comm_id))?.onMessage?.(dataOf(content), buffers);
  }

  closed({ content }: IncomingMessage): void {
    const comm = this.#open.get(String(content.comm_id));
    this.#open.delete(String(content.comm_id));
    comm?.onClose?.(dataOf(content));
  }

  #add(id: string, target: string): Comm {
    const comm: Comm = {
      id,
      target,
      onMessage: null,
      onClose: null,
      send: (data, buffers = []) => this.#outputs.publish("comm_msg", { comm_id: id, data }, { buffers }),
      close: (data = {}) => {
        if (this.#open.delete(id)) this.#outputs.publish("comm_close", { comm_id: id, data });
      },
    };
    this.#open.set(id, comm);
    return comm;
  }
}

function dataOf(content: JsonObject): JsonObject {
  return isJsonObject(content.data) ? content.data : {};
}
