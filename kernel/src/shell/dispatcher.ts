import { runForRequest } from "../cells/cellContext";
import { makeMessage, type Outputs } from "../cells/outputs";
import type { Comms } from "../comms/comm";
import type { Completer } from "../completion/completer";
import type { Inspector } from "../completion/inspector";
import type { History } from "../history/history";
import { completeness } from "../language/completeness";
import type { IncomingMessage, JsonObject } from "../wire/message";
import type { WireClient } from "../wire/wireClient";
import type { ExecuteQueue } from "./executeQueue";

export interface DispatcherServices {
  executions: ExecuteQueue;
  completer: Completer;
  inspector: Inspector;
  history: History;
  comms: Comms;
  outputs: Outputs;
  wire: WireClient;
}

/** Content of the reply, or null for messages that get none. */
type Handler = (content: JsonObject, message: IncomingMessage) => JsonObject | null;

/** Answers what comes over the shell channel. */
export class Dispatcher {
  readonly #services: DispatcherServices;
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(services: DispatcherServices) {
    this.#services = services;
    const { completer, inspector, history, comms } = services;
    this.#handlers = new Map<string, Handler>([
      ["complete_request", ({ code, cursor_pos }) => completer.complete(...codeAt(code, cursor_pos))],
      ["inspect_request", ({ code, cursor_pos }) => inspector.inspect(...codeAt(code, cursor_pos))],
      ["is_complete_request", ({ code }) => ({ ...completeness(textOf(code)) })],
      ["history_request", (content) => history.reply(content)],
      ["comm_info_request", ({ target_name }) => comms.info(target_name)],
      ["comm_open", noReply((message) => comms.opened(message))],
      ["comm_msg", noReply((message) => comms.received(message))],
      ["comm_close", noReply((message) => comms.closed(message))],
    ]);
  }

  handle(message: IncomingMessage): void {
    const { msg_type: type } = message.header;
    const { executions, outputs } = this.#services;
    if (type === "execute_request") {
      executions.add(message);
      return;
    }
    outputs.status("busy", message.header);
    runForRequest(message, () => this.#answer(type, message));
    outputs.status("idle", message.header);
  }

  #answer(type: string, message: IncomingMessage): void {
    const handler = this.#handlers.get(type);
    let content: JsonObject | null;
    try {
      content = handler ? handler(message.content, message) : unsupported(type);
    } catch (error) {
      const { name, message: text, stack } = error instanceof Error ? error : new Error(String(error));
      content = { status: "error", ename: name, evalue: text, traceback: (stack ?? "").split("\n") };
      if (!type.endsWith("_request")) process.stderr.write(`${stack}\n`);
    }
    if (content === null || !type.endsWith("_request")) return;
    this.#services.wire.post({
      kind: "reply",
      channel: "shell",
      identities: message.identities,
      message: makeMessage(type.replace(/_request$/, "_reply"), content, { parent: message.header }),
    });
  }
}

function unsupported(type: string): JsonObject {
  return {
    status: "error",
    ename: "UnsupportedRequest",
    evalue: `this kernel has no ${type}`,
    traceback: [],
  };
}

function noReply(handle: (message: IncomingMessage) => void): Handler {
  return (_content, message) => {
    handle(message);
    return null;
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Code and cursor of a request; the end of the code where the cursor is missing. */
function codeAt(code: unknown, cursor: unknown): [string, number] {
  const text = textOf(code);
  return [text, typeof cursor === "number" && cursor >= 0 ? cursor : text.length];
}
