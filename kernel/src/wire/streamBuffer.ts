import type { Header } from "./message";

export type StreamName = "stdout" | "stderr";

/** Text of one stream of one request. */
export interface StreamText {
  name: StreamName;
  text: string;
  parent: Partial<Header> | null;
}

const FLUSH_AFTER_MS = 20;
const FLUSH_AT_CHARACTERS = 1 << 16;

/** Joins many small writes into few messages, without changing their order. */
export class StreamBuffer {
  readonly #publish: (stream: StreamText) => void;
  #pieces: string[] = [];
  #size = 0;
  #current: StreamText | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(publish: (stream: StreamText) => void) {
    this.#publish = publish;
  }

  write(stream: StreamText): void {
    const current = this.#current;
    if (current && (current.name !== stream.name || current.parent?.msg_id !== stream.parent?.msg_id))
      this.flush();
    this.#current = stream;
    this.#pieces.push(stream.text);
    this.#size += stream.text.length;
    if (this.#size >= FLUSH_AT_CHARACTERS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS);
  }

  /** To be called before any other message is published, so that order is kept. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#current) return;
    const stream = { ...this.#current, text: this.#pieces.join("") };
    this.#pieces = [];
    this.#size = 0;
    this.#current = null;
    this.#publish(stream);
  }
}
