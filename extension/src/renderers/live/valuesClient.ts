import {
  type CodeRequest,
  type FailedReply,
  isValuesReply,
  type RegionRequest,
  VALUES_TARGET,
  type ValuesReply,
  type ValuesRequest,
} from "@graphpatch/kernel/protocol";
import type { Kernel } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { IDisposable } from "@lumino/disposable";

/** The part of a kernel connection that values are fetched over. */
export type ValuesLink = Pick<
  Kernel.IKernelConnection,
  "id" | "handleComms" | "createComm" | "statusChanged" | "connectionStatus"
>;

/** A part of a tensor. */
export interface Region {
  readonly rows: number;
  readonly columns: number;
  readonly rowsPerCell: number;
  readonly columnsPerCell: number;
  readonly values: Float32Array;
  readonly exact: readonly string[] | null;
}

/**
 * - `gone`: the kernel lives, and no longer has the values;
 * - `unreachable`: there is no kernel to ask, or not this page's;
 * - `failed`: it could not answer.
 */
export type MissingReason = "gone" | "unreachable" | "failed";

/** Why values cannot be had, in words to show. */
export class MissingValuesError extends Error {
  override readonly name = "MissingValuesError";

  constructor(
    readonly reason: MissingReason,
    message: string,
  ) {
    super(message);
  }
}

interface Waiting {
  resolve(answer: {
    reply: Exclude<ValuesReply, FailedReply>;
    buffers: readonly (ArrayBuffer | ArrayBufferView)[];
  }): void;
  reject(error: MissingValuesError): void;
}

type Unnumbered<R> = Omit<R, "type" | "request">;

/** Asks one kernel for the values behind its views. Opens the comm with the first question. */
export class ValuesClient implements IDisposable {
  constructor(
    private readonly kernel: ValuesLink,
    private readonly trans: TranslationBundle,
  ) {
    kernel.statusChanged.connect(this.onStatus, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** @throws MissingValuesError */
  async region(question: Unnumbered<RegionRequest>): Promise<Region> {
    const { reply, buffers } = await this.ask((request) => ({ type: "region", request, ...question }));
    if (reply.type !== "region") throw unreadable(this.trans);
    const values = floatsOf(buffers[0], this.trans);
    if (values.length !== reply.rows * reply.columns) throw unreadable(this.trans);
    return { ...reply, values };
  }

  /** Code that computes a cell of a grid again. @throws MissingValuesError */
  async code(question: Unnumbered<CodeRequest>): Promise<string> {
    const { reply } = await this.ask((request) => ({ type: "code", request, ...question }));
    if (reply.type !== "code") throw unreadable(this.trans);
    return reply.code;
  }

  /** A picture of `handle` is shown until the result is disposed; without one the kernel need not keep its values. */
  retain(handle: string): IDisposable {
    this.shown.set(handle, (this.shown.get(handle) ?? 0) + 1);
    const client = this;
    let isDisposed = false;
    return {
      get isDisposed() {
        return isDisposed;
      },
      dispose() {
        if (isDisposed) return;
        isDisposed = true;
        client.release(handle);
      },
    };
  }

  dispose(): void {
    if (this._isDisposed) return;
    this._isDisposed = true;
    this.kernel.statusChanged.disconnect(this.onStatus, this);
    this.drop(this.trans.__("The kernel is gone."));
  }

  private release(handle: string): void {
    const left = (this.shown.get(handle) ?? 1) - 1;
    if (left > 0) {
      this.shown.set(handle, left);
      return;
    }
    this.shown.delete(handle);
    if (this._isDisposed || this.kernel.connectionStatus !== "connected") return;
    const message: ValuesRequest = { type: "release", handle };
    this.open()?.send({ ...message });
  }

  private ask(make: (request: number) => ValuesRequest): Promise<Parameters<Waiting["resolve"]>[0]> {
    return new Promise((resolve, reject) => {
      const comm = this.open();
      if (!comm) {
        reject(
          new MissingValuesError(
            "unreachable",
            this.trans.__("The kernel of this picture cannot be reached."),
          ),
        );
        return;
      }
      const request = this.next++;
      this.waiting.set(request, { resolve, reject });
      comm.send({ ...make(request) });
    });
  }

  /** The comm, opened if need be; null without a kernel that this page may ask. */
  private open(): Kernel.IComm | null {
    if (this._isDisposed || !this.kernel.handleComms || this.kernel.connectionStatus !== "connected")
      return null;
    if (this.comm && !this.comm.isDisposed) return this.comm;
    const comm = this.kernel.createComm(VALUES_TARGET);
    comm.onMsg = ({ content, buffers }) => this.take(content.data, buffers ?? []);
    comm.onClose = () => {
      if (this.comm === comm) this.drop(this.trans.__("This kernel keeps no values of its pictures."));
    };
    comm.open();
    this.comm = comm;
    return comm;
  }

  private take(reply: unknown, buffers: readonly (ArrayBuffer | ArrayBufferView)[]): void {
    if (!isValuesReply(reply)) return;
    const waiting = this.waiting.get(reply.request);
    this.waiting.delete(reply.request);
    if (reply.type !== "failed") waiting?.resolve({ reply, buffers });
    else waiting?.reject(new MissingValuesError(reply.gone ? "gone" : "failed", reply.message));
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (status === "restarting" || status === "autorestarting")
      this.drop(this.trans.__("The kernel was restarted."));
    else if (status === "dead") this.drop(this.trans.__("The kernel has died."));
  }

  private drop(message: string): void {
    this.comm = null;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting) reject(new MissingValuesError("unreachable", message));
  }

  private comm: Kernel.IComm | null = null;
  private next = 1;
  private readonly waiting = new Map<number, Waiting>();
  private readonly shown = new Map<string, number>();
  private _isDisposed = false;
}

function unreadable(trans: TranslationBundle): MissingValuesError {
  return new MissingValuesError(
    "failed",
    trans.__("The kernel answered in a form this version of the extension does not understand."),
  );
}

function floatsOf(buffer: ArrayBuffer | ArrayBufferView | undefined, trans: TranslationBundle): Float32Array {
  if (!buffer) throw unreadable(trans);
  const bytes = ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
  if (bytes.byteLength % 4 !== 0) throw unreadable(trans);
  // Copied, because a part of a message need not begin at a multiple of four.
  return new Float32Array(bytes.slice().buffer);
}
