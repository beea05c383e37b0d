import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32, inflateRawSync } from "node:zlib";
import { CorruptFileError, MissingFileError } from "../../errors";

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
/** The end record, and the longest comment that may follow it. */
const END_SEARCH = END_SIZE + 0xffff;
const ZIP64_EXTRA = 0x0001;
const STORED = 0;
const DEFLATED = 8;
/** No deflate stream grows by more than this. */
const MAX_DEFLATE_RATIO = 1032;
/** Longest entry that is read into memory: text, and pickles of where weights lie. */
const MAX_READ = 1 << 28;

interface Entry {
  name: string;
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  headerOffset: number;
}

/** Where a stored entry's bytes lie in the file. */
export interface StoredRange {
  begin: number;
  end: number;
}

/**
 * The directory of a zip file. Everything is checked against the file's size before it is allocated or used: offsets,
 * lengths, overlaps, names that leave the archive. Entries are read or located on demand.
 */
export class ZipArchive implements Disposable {
  /** Size in bytes: of the file, or of the part of it that is the archive. */
  readonly size: number;
  /** Where the archive begins in its file: not at 0 if it lies in another one. */
  readonly #begin: number;
  readonly #descriptor: number;
  readonly #entries: ReadonlyMap<string, Entry>;

  /**
   * @param part where in the file the archive lies, if it is not the whole of it
   * @throws MissingFileError if there is no readable file at `path`.
   * @throws CorruptFileError if it is not a zip file, or a damaged or malicious one.
   */
  constructor(
    readonly path: string,
    part?: StoredRange,
  ) {
    try {
      this.#descriptor = openSync(path, "r");
    } catch (error) {
      throw new MissingFileError(`${path} cannot be opened: ${(error as Error).message}`);
    }
    try {
      const stat = fstatSync(this.#descriptor);
      if (!stat.isFile()) throw new MissingFileError(`${path} is not a file`);
      this.#begin = part?.begin ?? 0;
      this.size = part ? part.end - part.begin : stat.size;
      this.#entries = this.#readDirectory();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The entry's bytes, decompressed. @throws CorruptFileError if they do not fit the directory or their checksum. */
  read(name: string): Buffer {
    const entry = this.#entry(name);
    if (entry.size > MAX_READ) throw this.#corrupt(`entry ${name} of ${entry.size} bytes is too large`);
    const raw = this.#bytes(this.#dataOffset(entry), entry.compressedSize, `entry ${name}`);
    const data = entry.method === STORED ? raw : this.#inflate(entry, raw);
    if (crc32(data) !== entry.crc) throw this.#corrupt(`entry ${name} does not fit its checksum`);
    return data;
  }

  /** Where the bytes of a stored entry lie in the file. @throws CorruptFileError if it is compressed. */
  locate(name: string): StoredRange {
    const entry = this.#entry(name);
    if (entry.method !== STORED) {
      throw this.#corrupt(`entry ${name} is compressed; save the archive again with torch.export.save`);
    }
    const begin = this.#begin + this.#dataOffset(entry);
    return { begin, end: begin + entry.size };
  }

  #inflate(entry: Entry, raw: Buffer): Buffer {
    if (entry.size > raw.length * MAX_DEFLATE_RATIO + 64) {
      throw this.#corrupt(`entry ${entry.name} claims an impossible ${entry.size} bytes`);
    }
    let data: Buffer;
    try {
      data = inflateRawSync(raw, { maxOutputLength: Math.max(entry.size, 1) });
    } catch (error) {
      throw this.#corrupt(`entry ${entry.name} cannot be decompressed: ${(error as Error).message}`);
    }
    if (data.length !== entry.size) throw this.#corrupt(`entry ${entry.name} has not the size it claims`);
    return data;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw this.#corrupt(`there is no entry ${name}`);
    return entry;
  }

  /** Where the data of `entry` begins, after its local header, which must agree with the directory. */
  #dataOffset(entry: Entry): number {
    const what = `the header of entry ${entry.name}`;
    const header = this.#bytes(entry.headerOffset, LOCAL_SIZE, what);
    if (header.readUInt32LE(0) !== LOCAL_HEADER) throw this.#corrupt(`${what} is missing`);
    const nameLength = header.readUInt16LE(26);
    const name = this.#bytes(entry.headerOffset + LOCAL_SIZE, nameLength, what).toString("utf8");
    if (name !== entry.name || header.readUInt16LE(8) !== entry.method) {
      throw this.#corrupt(`${what} contradicts the archive's directory`);
    }
    const offset = entry.headerOffset + LOCAL_SIZE + nameLength + header.readUInt16LE(28);
    if (offset + entry.compressedSize > this.size)
      throw this.#corrupt(`entry ${entry.name} ends after the file`);
    return offset;
  }

  #readDirectory(): Map<string, Entry> {
    const { offset, length, count } = this.#findDirectory();
    if (count * CENTRAL_SIZE > length)
      throw this.#corrupt(`a directory of ${count} entries has ${length} bytes`);
    const directory = this.#bytes(offset, length, "the directory");
    const entries = new Map<string, Entry>();
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (at + CENTRAL_SIZE > length || directory.readUInt32LE(at) !== CENTRAL_HEADER) {
        throw this.#corrupt(`entry ${i} of the directory is damaged`);
      }
      const nameLength = directory.readUInt16LE(at + 28);
      const extraLength = directory.readUInt16LE(at + 30);
      const end = at + CENTRAL_SIZE + nameLength + extraLength + directory.readUInt16LE(at + 32);
      if (end > length) throw this.#corrupt(`entry ${i} of the directory is cut off`);
      const nameEnd = at + CENTRAL_SIZE + nameLength;
      const entry = this.#readEntry(
        directory.subarray(at, at + CENTRAL_SIZE),
        directory.subarray(at + CENTRAL_SIZE, nameEnd),
        directory.subarray(nameEnd, nameEnd + extraLength),
      );
      if (entries.has(entry.name)) throw this.#corrupt(`entry ${entry.name} is there twice`);
      entries.set(entry.name, entry);
      at = end;
    }
    this.#checkPlaces(entries, offset);
    return entries;
  }

  #readEntry(header: Buffer, nameBytes: Buffer, extra: Buffer): Entry {
    const name = nameBytes.toString("utf8");
    if (!isInnerPath(name)) throw this.#corrupt(`entry ${JSON.stringify(name)} has no proper name`);
    if ((header.readUInt16LE(8) & 1) !== 0) throw this.#corrupt(`entry ${name} is encrypted`);
    const method = header.readUInt16LE(10);
    if (method !== STORED && method !== DEFLATED) {
      throw this.#corrupt(`entry ${name} is compressed with the unknown method ${method}`);
    }
    const entry: Entry = {
      name,
      method,
      crc: header.readUInt32LE(16),
      compressedSize: header.readUInt32LE(20),
      size: header.readUInt32LE(24),
      headerOffset: header.readUInt32LE(42),
    };
    this.#applyZip64(entry, extra);
    if (method === STORED && entry.size !== entry.compressedSize) {
      throw this.#corrupt(`stored entry ${name} has two sizes`);
    }
    return entry;
  }

  /** Sizes and offsets beyond 32 bits stand in an extra field, those that need it, in this order. */
  #applyZip64(entry: Entry, extra: Buffer): void {
    const wanted = (["size", "compressedSize", "headerOffset"] as const).filter(
      (field) => entry[field] === 0xffffffff,
    );
    if (wanted.length === 0) return;
    for (let at = 0; at + 4 <= extra.length; ) {
      const length = extra.readUInt16LE(at + 2);
      if (
        extra.readUInt16LE(at) === ZIP64_EXTRA &&
        length >= wanted.length * 8 &&
        at + 4 + length <= extra.length
      ) {
        wanted.forEach((field, i) => {
          entry[field] = this.#safe(extra.readBigUInt64LE(at + 4 + i * 8), `${field} of entry ${entry.name}`);
        });
        return;
      }
      at += 4 + length;
    }
    throw this.#corrupt(`entry ${entry.name} lacks its 64-bit sizes`);
  }

  /** Entries must lie one after another before the directory: overlapping ones are how archives explode. */
  #checkPlaces(entries: ReadonlyMap<string, Entry>, directoryOffset: number): void {
    let filled = 0;
    for (const entry of [...entries.values()].sort((a, b) => a.headerOffset - b.headerOffset)) {
      if (entry.headerOffset < filled) throw this.#corrupt(`entry ${entry.name} overlaps the one before it`);
      filled = entry.headerOffset + LOCAL_SIZE + Buffer.byteLength(entry.name) + entry.compressedSize;
      if (filled > directoryOffset) throw this.#corrupt(`entry ${entry.name} reaches into the directory`);
    }
  }

  #findDirectory(): { offset: number; length: number; count: number } {
    const searched = Math.min(this.size, END_SEARCH);
    const tailOffset = this.size - searched;
    const tail = this.#bytes(tailOffset, searched, "the end");
    for (let at = searched - END_SIZE; at >= 0; at--) {
      if (tail.readUInt32LE(at) !== END || at + END_SIZE + tail.readUInt16LE(at + 20) !== searched) continue;
      const end = {
        count: tail.readUInt16LE(at + 10),
        length: tail.readUInt32LE(at + 12),
        offset: tail.readUInt32LE(at + 16),
      };
      const is64 = end.count === 0xffff || end.length === 0xffffffff || end.offset === 0xffffffff;
      const found = is64 ? this.#findDirectory64(tailOffset + at) : end;
      if (found.offset + found.length > tailOffset + at)
        throw this.#corrupt("the directory ends after the file");
      return found;
    }
    throw this.#corrupt("it is not a zip archive, or it is cut off");
  }

  #findDirectory64(endOffset: number): { offset: number; length: number; count: number } {
    const locator = this.#bytes(endOffset - 20, 20, "the 64-bit locator");
    if (locator.readUInt32LE(0) !== END64_LOCATOR) throw this.#corrupt("the 64-bit locator is missing");
    const at = this.#safe(locator.readBigUInt64LE(8), "the offset of the 64-bit end record");
    const end = this.#bytes(at, 56, "the 64-bit end record");
    if (end.readUInt32LE(0) !== END64) throw this.#corrupt("the 64-bit end record is missing");
    return {
      count: this.#safe(end.readBigUInt64LE(32), "the number of entries"),
      length: this.#safe(end.readBigUInt64LE(40), "the length of the directory"),
      offset: this.#safe(end.readBigUInt64LE(48), "the offset of the directory"),
    };
  }

  #bytes(offset: number, length: number, what: string): Buffer {
    if (offset < 0 || offset + length > this.size) throw this.#corrupt(`${what} lies outside of the file`);
    const buffer = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length; ) {
      const read = readSync(this.#descriptor, buffer, filled, length - filled, this.#begin + offset + filled);
      if (read === 0) throw this.#corrupt("the file became shorter while it was read");
      filled += read;
    }
    return buffer;
  }

  #safe(value: bigint, what: string): number {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#corrupt(`${what} is ${value}`);
    return Number(value);
  }

  #corrupt(problem: string): CorruptFileError {
    return new CorruptFileError(`${this.path}: ${problem}`);
  }
}

/** A relative path that stays inside the archive. */
function isInnerPath(name: string): boolean {
  if (name === "" || name.startsWith("/") || /[\\\0:\ufffd]/.test(name)) return false;
  return !name.split("/").includes("..");
}
