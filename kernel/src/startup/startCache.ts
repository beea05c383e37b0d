import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const HASH = "sha256";
const HASH_BYTES = 32;

/**
 * What a kernel worked out when it started, for the next one: a file an entry in a folder that only the user can write to. An entry that is
 * damaged, or was made from something else, counts as missing; so does all of it where there is no such folder.
 */
export class StartCache {
  readonly #folder: string;

  /** @param folder "" keeps nothing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The entry `name`, if it was made from `source`. */
  read(name: string, source: string): Buffer | null {
    if (this.#folder === "") return null;
    try {
      if (!isOwn(this.#folder)) return null;
      const file = readFileSync(join(this.#folder, name));
      const content = file.subarray(HASH_BYTES);
      return digest(source, content).equals(file.subarray(0, HASH_BYTES)) ? content : null;
    } catch {
      return null;
    }
  }

  write(name: string, source: string, content: Buffer): void {
    if (this.#folder === "") return;
    const aside = join(this.#folder, `${name}.${process.pid}`);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      if (!isOwn(this.#folder)) return;
      writeFileSync(aside, Buffer.concat([digest(source, content), content]), { mode: 0o600 });
      renameSync(aside, join(this.#folder, name));
    } catch {
      // The next kernel starts as slowly as this one.
      if (existsSync(aside)) rmSync(aside);
    }
  }
}

/** `$GRAPHPATCH_CACHE`, else in the user's folder of caches; "" keeps nothing. */
export function defaultCacheFolder(): string {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return process.env.GRAPHPATCH_CACHE ?? join(caches, "graphpatch");
}

/** Whether nobody else can write to a folder: what is read from it is run. */
function isOwn(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

function digest(source: string, content: Buffer): Buffer {
  return createHash(HASH).update(`${source.length}:${source}`).update(content).digest();
}
