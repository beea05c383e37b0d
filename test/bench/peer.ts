import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";

const SETTLE_MS = 20;

/** The models that the peer has, as the benchmark's own (models.ts). */
export type ModelName = "small" | "tiny" | "smollm2";

/** Ways in which the peer makes a map: hooks, one cell or one layer a forward; other tools. */
export type MapTool = "hooks" | "batched" | "transformer_lens" | "nnsight";

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

  #ask(question: string): Promise<unknown> {
    this.#child.stdin.write(`${question}\n`);
    return this.#answer();
  }

  /** One forward; milliseconds, as Python measured them. */
  async run(model: ModelName): Promise<number> {
    const milliseconds = (await this.#ask(`run ${model}`)) as number;
    // Its idle threads spin for a while and would slow down whatever is measured next.
    await setTimeout(SETTLE_MS);
    return milliseconds;
  }

  /** Megabytes by which a few forwards exceed what was resident before them. */
  async peak(model: ModelName): Promise<number> {
    return (await this.#ask(`peak ${model}`)) as number;
  }

  /** The layer × token map: milliseconds, and the sum of its values; null, and a line, where the tool is not installed. */
  async map(model: ModelName, tool: MapTool, length: number): Promise<{ ms: number; sum: number } | null> {
    const answer = (await this.#ask(`map ${model} ${tool} ${length}`)) as
      | { seconds: number; sum: number }
      | { missing: string };
    if ("seconds" in answer) return { ms: answer.seconds * 1000, sum: answer.sum };
    console.log(`\nBENCH_PYTHON has no ${tool}: ${answer.missing}`);
    return null;
  }

  /** Milliseconds a cell of ROME's causal trace with hooks, `batch` of its 10 noise samples in a forward, from `cells` cells. */
  async traceCell(model: ModelName, cells: number, batch: number): Promise<number> {
    return ((await this.#ask(`trace ${model} ${cells} ${batch}`)) as { seconds: number }).seconds * 1000;
  }

  /** The path of an archive of the model. */
  async export(model: ModelName): Promise<string> {
    return (await this.#ask(`export ${model}`)) as string;
  }

  /** Logits of the last position. */
  async logits(model: ModelName): Promise<number[]> {
    return (await this.#ask(`logits ${model}`)) as number[];
  }

  stop(): void {
    this.#child.stdin.end();
    this.#reader.close();
  }
}
