import { randomUUID } from "node:crypto";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FileWriteError } from "../errors";

/**
 * Writes a file as a whole or not at all: into a file aside in the same folder, which takes the place of `path` once
 * all of it is on the disk. Whoever has the old file open or mapped keeps the old content.
 *
 * @param write writes the content; when it throws, nothing is left of it
 * @throws FileWriteError naming `path`; what else `write` throws passes as it is.
 */
export async function writeFileAtomically(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  try {
    await writeAside(await targetOf(path), write);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new FileWriteError(`${path} cannot be written: ${error.message}`, { cause: error });
  }
}

/** The file that `path` means: where a symbolic link leads, the link stays. */
async function targetOf(path: string): Promise<string> {
  const folder = await realpath(dirname(resolve(path)));
  const target = join(folder, basename(resolve(path)));
  const known = await stat(target).catch(() => null);
  if (known === null) return target;
  if (!known.isFile()) throw new FileWriteError(`${path} cannot be written: it is not a file`);
  return realpath(target);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

async function writeAside(target: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const aside = join(dirname(target), `.graphpatch-${randomUUID()}.tmp`);
  const file = await open(aside, "wx");
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Puts the new name on the disk, too. Some file systems cannot sync a folder; the file is complete without that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
