/** Writes GGUF structures, well-formed or not, byte by byte. */
export class GgufBytes {
  readonly #parts: Buffer[] = [];

  raw(bytes: Uint8Array | string): this {
    this.#parts.push(Buffer.from(bytes as Uint8Array));
    return this;
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    this.#parts.push(part);
    return this;
  }

  u64(value: number | bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    this.#parts.push(part);
    return this;
  }

  text(value: string): this {
    return this.u64(Buffer.byteLength(value)).raw(value);
  }

  /** Magic number, version 3, and the counts. */
  start(tensors: number | bigint, pairs: number | bigint): this {
    return this.raw("GGUF").u32(3).u64(tensors).u64(pairs);
  }

  /** A tensor's entry; the dimensions in GGUF's order, the fastest first. */
  tensor(name: string, dimensions: (number | bigint)[], type: number, offset: number | bigint): this {
    this.text(name).u32(dimensions.length);
    for (const size of dimensions) this.u64(size);
    return this.u32(type).u64(offset);
  }

  /** All of it, followed by zeros up to a multiple of 32 bytes and `dataBytes` more. */
  bytes(dataBytes = 0): Uint8Array {
    const header = Buffer.concat(this.#parts);
    return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), Buffer.alloc(dataBytes)]);
  }
}
