import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { GraphpatchError, HubError } from "../errors";
import { isContentIdentifier } from "./contentHash";
import { downloadFile, type RemoteFile } from "./download";
import { type HubEnvironment, hubEnvironment } from "./environment";
import { withFileLock } from "./fileLock";
import { checkRevision, isInside } from "./hubName";
import { type DownloadProgress, ProgressReporter } from "./progress";
import { isCommit, RepositoryCache } from "./repositoryCache";
import { cancelled, hubFetch } from "./request";
import { withRetries } from "./retry";

/** How a model is fetched from the hub. */
export interface HubOptions {
  /** A branch, a tag or a commit; `main` unless given. */
  readonly revision?: string;
  /** Stops a download; what has arrived is continued from next time. */
  readonly signal?: AbortSignal;
  /** Called as files arrive, at most every 50 ms and at the end. Without it a terminal shows one line. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** Files that are downloaded at the same time. */
const AT_ONCE = 4;
/** More files in one folder than any model has. */
const MAX_FILES = 100_000;

/**
 * One commit of a model on the hub, and its copy in the cache. Listings come through `@huggingface/hub`, the files'
 * contents through {@link downloadFile}.
 */
export class HubRepository {
  readonly #fetch: typeof fetch;
  readonly #reporter: ProgressReporter;
  readonly #remote = new Map<string, RemoteFile>();

  private constructor(
    /** `owner/name`. */
    readonly name: string,
    private readonly environment: HubEnvironment,
    private readonly options: HubOptions,
    private readonly cache: RepositoryCache,
    readonly commit: string,
    /** Why only the cache is used; null if the hub is. */
    readonly offlineBecause: string | null,
  ) {
    this.#fetch = fetchFor(name, environment, options);
    this.#reporter = new ProgressReporter(name, options.onProgress);
  }

  /**
   * Asks the hub what the revision stands for. If the hub cannot be asked, the commit is used that the cache has of this
   * revision, with a warning; with `HF_HUB_OFFLINE` without one.
   *
   * @throws HubError saying what to do, when neither the hub nor the cache has the model, or the cache cannot be used.
   * @throws CancelledError once `signal` is aborted.
   */
  static async open(name: string, options: HubOptions = {}): Promise<HubRepository> {
    const environment = hubEnvironment();
    return usingCache(environment, () => HubRepository.#open(name, options, environment));
  }

  static async #open(name: string, options: HubOptions, environment: HubEnvironment): Promise<HubRepository> {
    const { revision = "main" } = options;
    checkRevision(revision);
    const cache = new RepositoryCache(environment.cacheDir, name);
    const cached = cache.commitOf(revision);
    const opened = (commit: string, offlineBecause: string | null) =>
      new HubRepository(name, environment, options, cache, commit, offlineBecause);
    if (environment.offline) {
      if (cached !== null) return opened(cached, "HF_HUB_OFFLINE is set");
      throw new HubError(
        `HF_HUB_OFFLINE is set and ${cache.folder} has nothing of ${name} in revision "${revision}"; load it once with the hub in reach`,
      );
    }
    try {
      const ask = (): Promise<string> => resolveRevision(name, revision, environment, options);
      // With a copy at hand nobody should wait for a hub that is not there.
      const commit = cached === null ? await withRetries(ask, undefined, options.signal) : await ask();
      await cache.rememberCommit(revision, commit);
      return opened(commit, null);
    } catch (error) {
      if (!(error instanceof HubError) || cached === null) throw error;
      console.warn(`${name}: ${error.message}. Its copy in the cache is used (commit ${cached.slice(0, 7)})`);
      return opened(cached, error.message);
    }
  }

  /** Where the commit's files are once they have been fetched. */
  get folder(): string {
    return this.cache.snapshot(this.commit);
  }

  /** Where a file of the commit is once it has been fetched. */
  path(file: string): string {
    return join(this.folder, file);
  }

  /** Paths of the files in `folder` of the repository: those on the hub, or in the cache if only that is used. */
  async list(folder = ""): Promise<string[]> {
    if (this.offlineBecause !== null) return this.cache.filesIn(this.commit, folder);
    const files = await this.#guarded(() =>
      withRetries(() => this.#listRemote(folder), undefined, this.options.signal),
    );
    for (const file of files) this.#remote.set(file.path, file);
    return files.map(({ path }) => path);
  }

  /**
   * Brings files that {@link list} gave into the cache, as far as they are not there.
   * @throws HubError naming a file that the hub does not give, that arrives damaged, or has no room on the disk.
   */
  async fetch(paths: readonly string[]): Promise<void> {
    const missing = paths.filter((path) => !this.cache.has(this.commit, path));
    if (missing.length === 0) return;
    if (this.offlineBecause !== null) {
      throw new HubError(`${this.folder} lacks ${missing.join(", ")} (${this.offlineBecause})`);
    }
    const files = missing.map((path) => {
      const file = this.#remote.get(path);
      if (!file) throw new HubError(`${this.name} has no file ${path}`);
      return file;
    });
    await this.#guarded(async () => {
      await this.#checkRoom(files.filter(({ hash, size }) => !this.cache.hasBlob(hash, size)));
      await this.#fetchAll(files);
    });
  }

  /** For messages. */
  toString(): string {
    const { revision = "main" } = this.options;
    const where = this.offlineBecause === null ? "on the hub" : `in the cache (${this.offlineBecause})`;
    return `${this.name} ${where}, revision "${revision}",`;
  }

  async #fetchAll(files: readonly RemoteFile[]): Promise<void> {
    const failed = new AbortController();
    const errors: unknown[] = [];
    const queue = files.map((file) => ({ file, onBytes: this.#reporter.add(file.size) })).values();
    // The workers share one queue; the first failure stops the others.
    const worker = async (): Promise<void> => {
      for (const { file, onBytes } of queue) {
        try {
          await this.#fetchOne(file, onBytes, failed.signal);
        } catch (error) {
          errors.push(error);
          failed.abort();
          return;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    this.#reporter.end();
    if (errors.length > 0) throw errors[0];
  }

  async #fetchOne(file: RemoteFile, onBytes: (there: number) => void, failed: AbortSignal): Promise<void> {
    const { cache, environment } = this;
    const signal = this.options.signal ? AbortSignal.any([this.options.signal, failed]) : failed;
    if (!cache.hasBlob(file.hash, file.size)) {
      await withFileLock(cache.lock(file.hash), signal, async () => {
        if (cache.hasBlob(file.hash, file.size)) return;
        const path = file.path.split("/").map(encodeURIComponent).join("/");
        await downloadFile({
          file,
          url: `${environment.endpoint}/${this.name}/resolve/${this.commit}/${path}`,
          fetch: fetchFor(this.name, environment, { ...this.options, signal }),
          target: cache.blob(file.hash),
          stallTimeoutMs: environment.stallTimeoutMs,
          signal,
          onBytes,
        });
      });
    }
    await cache.addToSnapshot(this.commit, file.path, file.hash);
    onBytes(file.size);
  }

  #listRemote(folder: string): Promise<RemoteFile[]> {
    return askHub(this.environment, async ({ listFiles }) => {
      const files: RemoteFile[] = [];
      for await (const entry of listFiles({
        repo: { type: "model", name: this.name },
        revision: this.commit,
        path: folder,
        hubUrl: this.environment.endpoint,
        fetch: this.#fetch,
      })) {
        if (entry.type !== "file") continue;
        files.push(this.#remoteFile(entry));
        if (files.length > MAX_FILES) throw new HubError(`${this.name} lists more than ${MAX_FILES} files`);
      }
      return files;
    });
  }

  /** What a server says of a file; it becomes names and sizes here, so everything is looked at. */
  #remoteFile(entry: { path: unknown; size: unknown; oid?: unknown; lfs?: { oid: unknown } }): RemoteFile {
    const { path, size } = entry;
    const hash = entry.lfs?.oid ?? entry.oid;
    const valid =
      typeof path === "string" &&
      isInside(path) &&
      typeof size === "number" &&
      Number.isSafeInteger(size) &&
      size >= 0 &&
      isContentIdentifier(hash);
    if (valid) return { path, size, hash };
    throw new HubError(
      `${this.environment.endpoint} lists a file of ${this.name} in a way that cannot be right: ${JSON.stringify({ path, size, hash }).slice(0, 300)}`,
    );
  }

  async #checkRoom(files: readonly RemoteFile[]): Promise<void> {
    const needed = files.reduce((sum, { size }) => sum + size, 0);
    await mkdir(this.cache.cacheDir, { recursive: true });
    const { blocks, bavail, bsize } = await statfs(this.cache.cacheDir);
    // Some network drives tell nothing.
    if (blocks === 0 || needed <= bavail * bsize) return;
    const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
    throw new HubError(
      `${this.name} needs ${gigabytes(needed)} in ${this.cache.cacheDir}, which has room for ${gigabytes(bavail * bsize)}; free some, or set HF_HUB_CACHE to a folder on another disk`,
    );
  }

  async #guarded<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await usingCache(this.environment, body);
    } catch (error) {
      const { signal } = this.options;
      throw signal?.aborted ? cancelled(this.name, signal) : error;
    }
  }
}

/** Runs what reads and writes the cache; what the file system refuses becomes an error that says where else it may be. */
async function usingCache<T>({ cacheDir }: HubEnvironment, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof GraphpatchError || (error as NodeJS.ErrnoException).syscall === undefined)
      throw error;
    throw new HubError(
      `the cache ${cacheDir} cannot be used: ${(error as Error).message}; set HF_HUB_CACHE to a folder that can be written`,
      { cause: error },
    );
  }
}

function fetchFor(name: string, environment: HubEnvironment, options: HubOptions): typeof fetch {
  return hubFetch(environment, { repository: name, revision: options.revision ?? "main" }, options.signal);
}

async function resolveRevision(
  name: string,
  revision: string,
  environment: HubEnvironment,
  options: HubOptions,
): Promise<string> {
  return askHub(environment, async ({ modelInfo }) => {
    const { sha } = await modelInfo({
      name,
      revision,
      additionalFields: ["sha"],
      hubUrl: environment.endpoint,
      fetch: fetchFor(name, environment, options),
    });
    if (isCommit(sha)) return sha;
    throw new HubError(`${environment.endpoint} gives no commit for ${name}, revision "${revision}"`);
  });
}

/** Runs what uses the hub's library; an answer that it cannot read becomes an error that says so. */
async function askHub<T>(
  { endpoint }: HubEnvironment,
  ask: (library: typeof import("@huggingface/hub")) => Promise<T>,
): Promise<T> {
  try {
    return await ask(await import("@huggingface/hub"));
  } catch (error) {
    if (error instanceof GraphpatchError) throw error;
    const { message } = error as Error;
    throw error instanceof SyntaxError
      ? new HubError(
          `${endpoint} does not answer as the hub does (${message}); does the network ask for a login?`,
        )
      : new HubError(`the answer of ${endpoint} broke off: ${message}`, { cause: error });
  }
}
