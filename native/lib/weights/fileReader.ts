import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CorruptFileError, MissingFileError } from "../errors";

const CHUNK = 1 << 20;

/**
 * Reads a file's header from front to back. Every length is checked against what is left of the file before anything
 * is allocated for it, so that no file, however damaged, can ask for more memory than it has bytes.
 */
export class FileReader implements Disposable {
  /** Size of the file in bytes. */
  readonly size: number;
  readonly #descriptor: number;
  #buffer: Buffer = Buffer.alloc(0);
  /** Offset in the file of `#buffer`'s first byte. */
  #bufferStart = 0;
  #offset = 0;

  /** @throws MissingFileError if there is no readable file at `path`. */
  constructor(readonly path: string) {
    try {
      this.#descriptor = openSync(path, "r");
    } catch (error) {
      throw new MissingFileError(`${path} cannot be opened: ${(error as Error).message}`);
    }
    const stat = fstatSync(this.#descriptor);
    if (!stat.isFile()) {
      this[Symbol.dispose]();
      throw new MissingFileError(`${path} is not a file`);
    }
    this.size = stat.size;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes after the next byte's offset. */
  get remaining(): number {
    return this.size - this.#offset;
  }

  /** An error that names the file and where in it something is wrong. */
  corrupt(problem: string): CorruptFileError {
    return new CorruptFileError(`${this.path}: ${problem} (at byte ${this.#offset} of ${this.size})`);
  }

  /**
   * That `count` things of at least `bytesEach` bytes can follow.
   * @throws CorruptFileError naming `what`.
   */
  expect(count: number, bytesEach: number, what: string): void {
    if (!Number.isSafeInteger(count) || count < 0 || count * bytesEach > this.remaining) {
      throw this.corrupt(
        `${what} needs ${count} × ${bytesEach} bytes, but the file has ${this.remaining} left`,
      );
    }
  }

  /** The next `length` bytes, valid until the next read. */
  bytes(length: number, what: string): Buffer {
    this.expect(length, 1, what);
    const start = this.#offset - this.#bufferStart;
    if (start + length > this.#buffer.length) return this.#refill(length);
    this.#offset += length;
    return this.#buffer.subarray(start, start + length);
  }

  #refill(length: number): Buffer {
    const wanted = Math.min(Math.max(length, CHUNK), this.remaining);
    const buffer = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const read = readSync(this.#descriptor, buffer, filled, wanted - filled, this.#offset + filled);
      if (read === 0) throw this.corrupt("the file became shorter while it was read");
      filled += read;
    }
    this.#buffer = buffer;
    this.#bufferStart = this.#offset;
    this.#offset += length;
    return buffer.subarray(0, length);
  }

  uint32(what: string): number {
    return this.bytes(4, what).readUInt32LE();
  }

  /** A 64-bit count or offset. @throws CorruptFileError beyond 2^53. */
  uint64(what: string): number {
    const value = this.bytes(8, what).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw this.corrupt(`${what} is ${value}, which no file can hold`);
    return Number(value);
  }

  /** `length` bytes of UTF-8. */
  utf8(length: number, what: string): string {
    const bytes = this.bytes(length, what);
    const text = bytes.toString("utf8");
    if (text.includes("\ufffd") && !isUtf8(bytes)) throw this.corrupt(`${what} is not UTF-8 text`);
    return text;
  }
}
