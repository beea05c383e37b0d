import type { IncomingMessage } from "../wire/message";
import type { ToWire } from "../wire/threadMessages";
import { currentContext } from "./cellContext";
import { makeMessage } from "./outputs";

export interface InputOptions {
  /** The front end hides what is typed. */
  password?: boolean;
}

/** Questions to the person at the front end, one at a time. */
export class InputRequests {
  readonly #post: (message: ToWire) => void;
  #pending: { resolve: (value: string) => void; reject: (error: Error) => void } | null = null;

  constructor(post: (message: ToWire) => void) {
    this.#post = post;
  }

  /**
   * Asks for a line of text.
   * @throws Error where nobody can be asked (the notebook runs without a person), or a question is open already
   */
  readonly input = (prompt = "", { password = false }: InputOptions = {}): Promise<string> => {
    const context = currentContext();
    if (!context?.allowStdin) {
      return Promise.reject(
        new Error("input: this front end does not take input (the notebook runs unattended)"),
      );
    }
    if (this.#pending)
      return Promise.reject(new Error("input: another question is still open; await it first"));
    const { header, identities } = context.request;
    this.#post({
      kind: "reply",
      channel: "stdin",
      identities,
      message: makeMessage("input_request", { prompt: String(prompt), password }, { parent: header }),
    });
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  };

  reply({ header, content }: IncomingMessage): void {
    if (header.msg_type !== "input_reply") return;
    const pending = this.#pending;
    this.#pending = null;
    pending?.resolve(typeof content.value === "string" ? content.value : "");
  }

  /** Forgets an open question, e.g. on an interrupt. */
  cancel(): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(new Error("input: interrupted"));
  }
}
