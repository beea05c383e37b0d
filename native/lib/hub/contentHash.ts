import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const CHUNK = 1 << 20;

/** A hash that a file's content is named by on the hub. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  hex(): string;
}

/**
 * The hash behind an identifier: 64 hex digits are the SHA-256 of the content (large files), 40 are git's hash of it
 * (SHA-1 over `blob <size>\0` and the content; small files).
 */
export function contentHash(identifier: string, size: number): ContentHash {
  const isSha256 = identifier.length === 64;
  const hash = createHash(isSha256 ? "sha256" : "sha1");
  if (!isSha256) hash.update(`blob ${size}\0`);
  return {
    update(bytes) {
      hash.update(bytes);
    },
    hex: () => hash.digest("hex"),
  };
}

/** Whether this is one of the two kinds of identifier; it becomes a file's name. */
export function isContentIdentifier(value: unknown): value is string {
  return typeof value === "string" && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
}

/** Feeds the first `length` bytes of a file to `hash`. */
export async function hashFile(path: string, length: number, hash: ContentHash): Promise<void> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, length));
    for (let offset = 0; offset < length; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - offset), offset);
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
      hash.update(buffer.subarray(0, bytesRead));
      offset += bytesRead;
    }
  } finally {
    await file.close();
  }
}
