import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { type MessagePort, parentPort, SHARE_ENV, Worker, workerData } from "node:worker_threads";
import { Reply, Router, XPublisher } from "zeromq";
import { Interrupter } from "../control/interrupter";
import { InterruptState } from "../control/interruptState";
import { KERNEL_INFO } from "../kernelInfo";
import { leavableCalls } from "../preload/native";
import { type Connection, endpoint, readConnection } from "./connection";
import { Framing } from "./framing";
import type { Header, IncomingMessage, JsonObject, OutgoingMessage } from "./message";
import { watchParent } from "./parentWatch";
import { SendQueue } from "./sendQueue";
import { StreamBuffer } from "./streamBuffer";
import type { FromWire, ToWire, WireThreadData } from "./threadMessages";

/** How long messages on their way are waited for before a barrier is answered. */
const BARRIER_MS = 3;
const EXIT_AFTER_MS = 1500;
/** First byte of what a subscription sends to the publisher. */
const SUBSCRIBED = 1;
/** Requests that are answered here, whatever the main thread does. VS Code sends interrupts over the shell channel. */
const ANSWERED_HERE: ReadonlySet<string> = new Set([
  "kernel_info_request",
  "interrupt_request",
  "shutdown_request",
]);

/**
 * All five sockets, on a thread of their own: heartbeat, control, interrupts and the kernel's description are answered, and what a
 * busy cell prints is sent, whatever the main thread is doing.
 */
class WireThread {
  readonly #connection: Connection;
  readonly #framing: Framing;
  readonly #port: MessagePort;
  readonly #ahead: string;
  #isNativeAsked = false;
  readonly #interrupter: Interrupter;
  // No limit to what waits for a client that reads slowly: beyond it these sockets drop messages without a word.
  readonly #sockets = {
    shell: new Router({ linger: 1000, sendHighWaterMark: 0 }),
    control: new Router({ linger: 1000, sendHighWaterMark: 0 }),
    stdin: new Router({ linger: 1000, sendHighWaterMark: 0 }),
    // It hears of every subscription, to welcome it.
    iopub: new XPublisher({ linger: 1000, sendHighWaterMark: 0, verbosity: "allSubs" }),
    heartbeat: new Reply({ linger: 0 }),
  };
  readonly #queues = {
    shell: new SendQueue(this.#sockets.shell),
    control: new SendQueue(this.#sockets.control),
    stdin: new SendQueue(this.#sockets.stdin),
    iopub: new SendQueue(this.#sockets.iopub),
  };
  readonly #streams = new StreamBuffer(({ name, text, parent }) =>
    this.#publish(outgoing("stream", { name, text }, parent)),
  );
  /** The request the main thread said it is busy with. */
  #busyWith: Partial<Header> | null = null;

  constructor(data: WireThreadData, port: MessagePort) {
    this.#connection = readConnection(data.connectionFile);
    this.#framing = new Framing(this.#connection.key, randomUUID());
    this.#port = port;
    this.#ahead = data.ahead;
    this.#interrupter = new Interrupter(new InterruptState(data.interruptState), {
      ask: () => this.#toMain({ kind: "interrupt" }),
      // Where the library is not loaded there is no operator to leave.
      leaveNative: () => this.#isNativeAsked && leavableCalls(data.ahead).leaveCalls(),
    });
  }

  async start(): Promise<void> {
    const { shell, control, stdin, iopub, heartbeat } = this.#sockets;
    const at = (port: number) => endpoint(this.#connection, port);
    await Promise.all([
      heartbeat.bind(at(this.#connection.hb_port)),
      control.bind(at(this.#connection.control_port)),
      shell.bind(at(this.#connection.shell_port)),
      stdin.bind(at(this.#connection.stdin_port)),
      iopub.bind(at(this.#connection.iopub_port)),
    ]);
    this.#port.on("message", (message: ToWire) => this.#fromMain(message));
    this.#publish(outgoing("status", { execution_state: "starting" }, null));
    void this.#echoHeartbeat();
    void this.#welcomeSubscribers();
    void this.#receive(shell, (message) => this.#onShell(message));
    void this.#receive(control, (message) => this.#answer("control", message));
    void this.#receive(stdin, (message) => this.#toMain({ kind: "stdin", message }));
  }

  async #echoHeartbeat(): Promise<void> {
    for await (const frames of this.#sockets.heartbeat) await this.#sockets.heartbeat.send(frames);
  }

  /** Tells a subscriber that from now on it gets what is published. */
  async #welcomeSubscribers(): Promise<void> {
    for await (const [event] of this.#sockets.iopub) {
      if (event?.[0] !== SUBSCRIBED) continue;
      const topic = event.subarray(1);
      const message = outgoing("iopub_welcome", { subscription: topic.toString("utf8") }, null);
      this.#queues.iopub.send(this.#framing.pack(topic.length > 0 ? [topic] : [], message));
    }
  }

  async #receive(socket: Router, handle: (message: IncomingMessage) => void): Promise<void> {
    for await (const frames of socket) {
      try {
        handle(this.#framing.parse(frames));
      } catch (error) {
        writeSync(2, `graphpatch-kernel: dropped a message: ${String(error)}\n`);
      }
    }
  }

  #onShell(message: IncomingMessage): void {
    if (ANSWERED_HERE.has(message.header.msg_type)) this.#answer("shell", message);
    else this.#toMain({ kind: "shell", message });
  }

  #answer(channel: "shell" | "control", message: IncomingMessage): void {
    const reply = (type: string, content: JsonObject) =>
      this.#queues[channel].send(
        this.#framing.pack(message.identities, outgoing(type, content, message.header)),
      );
    this.#whileBusy(message, () => {
      switch (message.header.msg_type) {
        case "kernel_info_request":
          return reply("kernel_info_reply", KERNEL_INFO);
        case "interrupt_request":
          void this.#interrupter.interrupt();
          return reply("interrupt_reply", { status: "ok" });
        case "shutdown_request": {
          const content = { status: "ok", restart: message.content.restart === true };
          reply("shutdown_reply", content);
          this.#publish(outgoing("shutdown_reply", content, message.header));
          return this.#shutDown();
        }
        default:
          return reply(message.header.msg_type.replace(/_request$/, "_reply"), {
            status: "error",
            ename: "UnsupportedRequest",
            evalue: `this kernel has no ${message.header.msg_type}`,
            traceback: [],
          });
      }
    });
  }

  /** Publishes busy and idle around the answer to a request; a cell that runs meanwhile keeps the kernel busy. */
  #whileBusy(message: IncomingMessage, answer: () => void): void {
    this.#publish(outgoing("status", { execution_state: "busy" }, message.header));
    answer();
    this.#publish(outgoing("status", { execution_state: "idle" }, message.header));
    if (this.#busyWith) this.#publish(outgoing("status", { execution_state: "busy" }, this.#busyWith));
  }

  #fromMain(message: ToWire): void {
    switch (message.kind) {
      case "publish":
        if (message.message.type === "status") {
          this.#busyWith = message.message.content.includes('"busy"') ? message.message.parent : null;
        }
        this.#publish(message.message);
        break;
      case "stream":
        this.#streams.write(message.stream);
        break;
      case "reply":
        this.#streams.flush();
        this.#queues[message.channel].send(this.#framing.pack(message.identities, message.message));
        break;
      case "barrier":
        setTimeout(() => this.#toMain(message), BARRIER_MS);
        break;
      case "load":
        this.#isNativeAsked = true;
        loadAhead(this.#ahead);
        break;
      case "close":
        void this.#close();
    }
  }

  #publish(message: OutgoingMessage): void {
    if (message.type !== "stream") this.#streams.flush();
    this.#queues.iopub.send(this.#framing.pack([Buffer.from(message.type)], message));
  }

  #toMain(message: FromWire): void {
    this.#port.postMessage(message);
  }

  #shutDown(): void {
    this.#toMain({ kind: "shutdown" });
    // The main thread may be in a loop that never ends.
    setTimeout(() => process.kill(process.pid, "SIGKILL"), EXIT_AFTER_MS);
  }

  async #close(): Promise<void> {
    this.#streams.flush();
    await Promise.all(Object.values(this.#queues).map((queue) => queue.drained()));
    for (const socket of Object.values(this.#sockets)) socket.close();
    this.#interrupter.close();
    this.#port.close();
  }
}

function loadAhead(file: string): void {
  const code = "require(require('node:worker_threads').workerData)";
  const worker = new Worker(code, { eval: true, workerData: file, env: SHARE_ENV });
  // The main thread will meet the same error, and tell it.
  worker.on("error", () => undefined);
}

function outgoing(type: string, content: JsonObject, parent: Partial<Header> | null): OutgoingMessage {
  return { type, content: JSON.stringify(content), metadata: "{}", parent, buffers: [] };
}

if (parentPort) {
  watchParent();
  const data = workerData as WireThreadData;
  void new WireThread(data, parentPort).start();
}
