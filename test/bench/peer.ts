import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** transformers in a process of its own, which works only when it is asked to. */
export class Peer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(python: string, script: string, args: string[]) {
    this.#child = spawn(python, [script, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Starts it; `versions` is what it says of itself. @throws when Python or its packages are missing. */
  static async start(
    python: string,
    script: string,
    args: string[],
  ): Promise<{ peer: Peer; versions: Record<string, string> }> {
    const peer = new Peer(python, script, args);
    return { peer, versions: (await peer.#answer()) as Record<string, string> };
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the Python of BENCH_PYTHON ended; it needs torch and transformers");
    return JSON.parse(value);
  }

  /** One forward; milliseconds, as Python measured them. */
  async run(): Promise<number> {
    this.#child.stdin.write("run\n");
    return (await this.#answer()) as number;
  }

  /** Logits of the last position. */
  async logits(): Promise<number[]> {
    this.#child.stdin.write("logits\n");
    return (await this.#answer()) as number[];
  }

  stop(): void {
    this.#child.stdin.end();
    this.#reader.close();
  }
}
