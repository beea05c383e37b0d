import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { binding } from "../binding";

const POLL_MS = 100;

/**
 * Runs `body` while holding the lock at `path`, which is Python's `filelock` too, so that two processes of either kind
 * do not download the same file at once. The file stays: to remove it would let a third process lock another one. A
 * process that ends loses its locks, whatever ended it.
 */
export async function withFileLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  body: () => Promise<T>,
): Promise<T> {
  const file = await acquire(path, signal);
  try {
    return await body();
  } finally {
    await file.close();
  }
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a");
  try {
    while (!binding.tryLockFile(file.fd)) await setTimeout(POLL_MS, undefined, { signal });
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
