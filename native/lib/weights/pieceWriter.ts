import type { FileHandle } from "node:fs/promises";

/**
 * Writes a file from front to back in pieces of one size. There are two buffers: one is filled while the other is on its
 * way to the disk. Disposing waits for the write in flight, so that the file can be closed.
 */
export class PieceWriter implements AsyncDisposable {
  #filling: Buffer;
  #spare: Buffer;
  #filled = 0;
  #position = 0;
  #writing: Promise<void> = Promise.resolve();

  /** @param onWritten called before each piece with the bytes that are on their way by then; may throw to stop. */
  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
    private readonly onWritten: (bytes: number) => void,
  ) {
    this.#filling = Buffer.allocUnsafeSlow(size);
    this.#spare = Buffer.allocUnsafeSlow(size);
  }

  /** Appends `length` bytes; `copy` fills its target with those from `at` on. */
  async write(length: number, copy: (target: Buffer, at: number) => void): Promise<void> {
    for (let at = 0; at < length; ) {
      const count = Math.min(length - at, this.size - this.#filled);
      copy(this.#filling.subarray(this.#filled, this.#filled + count), at);
      this.#filled += count;
      at += count;
      if (this.#filled === this.size) await this.#flush();
    }
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#writing;
    this.onWritten(this.#position);
  }

  async #flush(): Promise<void> {
    await this.#writing;
    this.onWritten(this.#position);
    const bytes = this.#filling.subarray(0, this.#filled);
    const position = this.#position;
    this.#writing = this.#writeAll(bytes, position);
    // It is looked at before the next piece; until then a failure must not count as one that nobody handles.
    this.#writing.catch(() => {});
    this.#position += this.#filled;
    this.#filled = 0;
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
  }

  async #writeAll(bytes: Buffer, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, at, bytes.length - at, position + at);
      at += bytesWritten;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
  }
}
