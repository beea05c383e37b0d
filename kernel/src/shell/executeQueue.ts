import { type CellContext, runCell } from "../cells/cellContext";
import { makeMessage, type Outputs } from "../cells/outputs";
import type { InterruptState } from "../control/interruptState";
import { Phase } from "../control/interruptState";
import type { Displays } from "../display/display";
import { describe } from "../display/mimeBundle";
import type { History } from "../history/history";
import { type Failure, failureOf } from "../language/failure";
import type { Language, Outcome } from "../language/language";
import { type IncomingMessage, isJsonObject, type JsonObject } from "../wire/message";
import type { WireClient } from "../wire/wireClient";

/** Requests that are sent one after the other come sooner. */
const PAUSE_MS = 50;

export interface ExecuteServices {
  language: Language;
  displays: Displays;
  outputs: Outputs;
  history: History;
  wire: WireClient;
  state: InterruptState;
  /** Runs `body` so that `signal` stops the native work it starts. */
  withSignal<T>(signal: AbortSignal, body: () => T): T;
}

/** Runs execute_requests one after the other. */
export class ExecuteQueue {
  readonly #services: ExecuteServices;
  readonly #waiting: IncomingMessage[] = [];
  #running = false;
  #count = 0;
  /** Until the next request is prepared for. */
  #pause: NodeJS.Timeout | undefined;
  #current: CellContext | null = null;

  constructor(services: ExecuteServices) {
    this.#services = services;
  }

  add(request: IncomingMessage): void {
    clearTimeout(this.#pause);
    this.#waiting.push(request);
    if (!this.#running) void this.#run();
  }

  /** Ends the cell that runs, and what it waits for. */
  interrupt(): void {
    this.#services.state.acknowledge();
    this.#current?.interruption.abort();
    this.#services.language.interrupt();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) {
      const { outputs } = this.#services;
      outputs.status("busy", request.header);
      const failed = await this.#execute(request);
      this.#current = null;
      outputs.status("idle", request.header);
      for (const aborted of failed) this.#abort(aborted);
    }
    this.#running = false;
    this.#pause = setTimeout(() => this.#services.language.prepare(), PAUSE_MS).unref();
  }

  /** @returns the requests that are not to run because this one failed */
  async #execute(request: IncomingMessage): Promise<IncomingMessage[]> {
    const { content } = request;
    const code = typeof content.code === "string" ? content.code : "";
    const silent = content.silent === true;
    const storeHistory = !silent && content.store_history !== false;
    const context: CellContext = {
      request,
      silent,
      allowStdin: content.allow_stdin === true,
      payload: [],
      interruption: new AbortController(),
    };
    this.#current = context;
    return runCell(context, async () => {
      if (storeHistory) this.#services.history.add(++this.#count, code);
      this.#services.outputs.publish("execute_input", { code, execution_count: this.#count });
      const outcome = await this.#evaluate(code, context);
      if (outcome.status === "ok") {
        this.#reply(request, {
          status: "ok",
          execution_count: this.#count,
          payload: context.payload,
          user_expressions: await this.#userExpressions(content.user_expressions, context),
        });
        return [];
      }
      this.#services.outputs.publish("error", { ...outcome.failure });
      const reply = {
        status: "error",
        execution_count: this.#count,
        ...outcome.failure,
        payload: [],
        user_expressions: {},
      };
      if (content.stop_on_error === false) {
        this.#reply(request, reply);
        return [];
      }
      // Only what arrived before the reply is dropped: the author of the next request has seen the error.
      await new Promise<void>((resolve) => this.#services.wire.barrier(resolve));
      const dropped = this.#waiting.splice(0);
      this.#reply(request, reply);
      return dropped;
    });
  }

  /** Runs a cell and shows its result. */
  async #evaluate(code: string, context: CellContext): Promise<Outcome> {
    const outcome = await this.#compute(code, context);
    if (outcome.status === "error" || outcome.value === undefined) return outcome;
    try {
      const bundle = await this.#services.displays.bundleOf(outcome.value);
      this.#services.outputs.publish("execute_result", { execution_count: this.#count, ...bundle });
      const text = bundle.data["text/plain"];
      if (typeof text === "string") this.#services.history.setOutput(this.#count, text);
      return outcome;
    } catch (error) {
      return { status: "error", failure: failureOf(error, this.#services.language.sources) };
    }
  }

  async #compute(code: string, context: CellContext): Promise<Outcome> {
    if (code.trim() === "") return { status: "ok", value: undefined };
    const { language, state, withSignal } = this.#services;
    state.phase = Phase.user;
    try {
      return await withSignal(context.interruption.signal, () => language.execute(code, this.#count));
    } catch (error) {
      // A fault of the compiler itself: the cell fails, the kernel lives.
      return { status: "error", failure: failureOf(error, language.sources) };
    } finally {
      state.phase = Phase.idle;
      state.acknowledge();
    }
  }

  async #userExpressions(expressions: unknown, context: CellContext): Promise<JsonObject> {
    const results: JsonObject = {};
    if (!isJsonObject(expressions)) return results;
    for (const [name, expression] of Object.entries(expressions)) {
      const outcome = await this.#compute(String(expression), context);
      results[name] = outcome.status === "ok" ? await this.#shown(outcome.value) : userError(outcome.failure);
    }
    return results;
  }

  async #shown(value: unknown): Promise<JsonObject> {
    const bundle =
      value === undefined
        ? { data: { "text/plain": describe(undefined) }, metadata: {} }
        : await this.#services.displays.bundleOf(value);
    return { status: "ok", ...bundle };
  }

  #abort(request: IncomingMessage): void {
    const { outputs } = this.#services;
    outputs.status("busy", request.header);
    this.#reply(request, {
      status: "aborted",
      execution_count: this.#count,
      ename: "Aborted",
      evalue: "an earlier cell failed",
      traceback: [],
    });
    outputs.status("idle", request.header);
  }

  #reply({ identities, header }: IncomingMessage, content: JsonObject): void {
    const message = makeMessage("execute_reply", content, { parent: header });
    this.#services.wire.post({ kind: "reply", channel: "shell", identities, message });
  }
}

function userError(failure: Failure): JsonObject {
  return { status: "error", ...failure };
}
