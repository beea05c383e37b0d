import { crc32, deflateRawSync } from "node:zlib";

/** An entry to write; what is given beside name and data contradicts them, for tests of readers. */
export interface ZipEntry {
  name: string;
  data: Buffer;
  deflate?: boolean;
  /** Name in the local header. */
  localName?: string;
  crc?: number;
  size?: number;
  compressedSize?: number;
  offset?: number;
  flags?: number;
  method?: number;
}

/** A zip file of `entries`, with 64-bit records where `zip64` asks for them. */
export function zipBytes(
  entries: readonly ZipEntry[],
  options: { zip64?: boolean; comment?: string } = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const raw = entry.deflate ? deflateRawSync(entry.data) : entry.data;
    const method = entry.method ?? (entry.deflate ? 8 : 0);
    const local = Buffer.alloc(30);
    const localName = Buffer.from(entry.localName ?? entry.name);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(localName.length, 26);
    parts.push(local, localName, raw);
    const name = Buffer.from(entry.name);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50, 0);
    header.writeUInt16LE(entry.flags ?? 0, 8);
    header.writeUInt16LE(method, 10);
    header.writeUInt32LE(entry.crc ?? crc32(entry.data), 16);
    const sizes = [
      entry.size ?? entry.data.length,
      entry.compressedSize ?? raw.length,
      entry.offset ?? offset,
    ] as const;
    const extra = Buffer.alloc(options.zip64 ? 28 : 0);
    if (options.zip64) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      sizes.forEach((size, i) => {
        extra.writeBigUInt64LE(BigInt(size), 4 + 8 * i);
      });
    }
    const stored = options.zip64 ? [0xffffffff, 0xffffffff, 0xffffffff] : sizes;
    header.writeUInt32LE(stored[1], 20);
    header.writeUInt32LE(stored[0], 24);
    header.writeUInt16LE(name.length, 28);
    header.writeUInt16LE(extra.length, 30);
    header.writeUInt32LE(stored[2], 42);
    directory.push(header, name, extra);
    offset += local.length + localName.length + raw.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, ...directory, endRecords(entries.length, length, offset, options)]);
}

function endRecords(
  count: number,
  length: number,
  offset: number,
  { zip64, comment = "" }: { zip64?: boolean; comment?: string },
): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  if (!zip64) return Buffer.concat([end, Buffer.from(comment)]);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(BigInt(count), 32);
  end64.writeBigUInt64LE(BigInt(length), 40);
  end64.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + length), 8);
  return Buffer.concat([end64, locator, end, Buffer.from(comment)]);
}
