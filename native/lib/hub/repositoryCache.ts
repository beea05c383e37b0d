import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { copyFile, link, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/**
 * One model's folder in the hub's cache, as Python's `huggingface_hub` lays it out: what either has downloaded, the
 * other finds.
 *
 *     models--owner--name/refs/main                  the commit that a branch or tag meant last
 *     models--owner--name/blobs/<hash>               contents
 *     models--owner--name/snapshots/<commit>/<path>  links to them
 *     .locks/models--owner--name/<hash>.lock
 */
export class RepositoryCache {
  readonly folder: string;
  readonly #locks: string;

  constructor(
    readonly cacheDir: string,
    repository: string,
  ) {
    const name = ["models", ...repository.split("/")].join("--");
    this.folder = join(cacheDir, name);
    this.#locks = join(cacheDir, ".locks", name);
  }

  /** The commit that `revision` stood for when the hub was last asked; null if the cache has nothing of it. */
  commitOf(revision: string): string | null {
    const ref = join(this.folder, "refs", revision);
    const commit = isFile(ref) ? readFileSync(ref, "utf8").trim() : revision;
    return isCommit(commit) && existsSync(this.snapshot(commit)) ? commit : null;
  }

  /** Remembers what `revision` stands for. */
  async rememberCommit(revision: string, commit: string): Promise<void> {
    if (revision === commit) return;
    const ref = join(this.folder, "refs", revision);
    if (isFile(ref) && readFileSync(ref, "utf8") === commit) return;
    await writeAside(ref, (aside) => writeFile(aside, commit));
  }

  /** The folder with the files of a commit, as far as they are there. */
  snapshot(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** Files of a commit that are there, in `folder` of the repository ("" for its top). */
  filesIn(commit: string, folder: string): string[] {
    const path = join(this.snapshot(commit), folder);
    if (!existsSync(path)) return [];
    const names = readdirSync(path).filter((name) => isFile(join(path, name)));
    return names.map((name) => (folder === "" ? name : `${folder}/${name}`));
  }

  /** Whether the snapshot has the file, and not only a link to what is gone. */
  has(commit: string, file: string): boolean {
    return isFile(join(this.snapshot(commit), file));
  }

  blob(hash: string): string {
    return join(this.folder, "blobs", hash);
  }

  /** Whether the content is there in full. */
  hasBlob(hash: string, size: number): boolean {
    const path = this.blob(hash);
    return isFile(path) && statSync(path).size === size;
  }

  lock(hash: string): string {
    return join(this.#locks, `${hash}.lock`);
  }

  /** Puts a content that is there into a commit's snapshot. */
  async addToSnapshot(commit: string, file: string, hash: string): Promise<void> {
    const path = join(this.snapshot(commit), file);
    const blob = this.blob(hash);
    await writeAside(path, async (aside) => {
      try {
        await symlink(relative(dirname(path), blob), aside);
      } catch {
        // Without symbolic links (Windows, some network drives) a second name or, at worst, a copy does.
        await link(blob, aside).catch(() => copyFile(blob, aside));
      }
    });
  }
}

/** A commit's full name. */
export function isCommit(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{40}$/.test(value);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Makes a file beside its place and moves it there, so that nobody sees half of one. */
async function writeAside(path: string, make: (aside: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    await make(aside);
    await rename(aside, path);
  } catch (error) {
    if (lstatSync(aside, { throwIfNoEntry: false })) await rm(aside);
    throw error;
  }
}
