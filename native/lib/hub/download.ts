import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { HubError } from "../errors";
import { type ContentHash, contentHash, hashFile } from "./contentHash";
import { withRetries } from "./retry";

/** One file of a repository, as the hub lists it. */
export interface RemoteFile {
  /** In the repository. */
  readonly path: string;
  readonly size: number;
  /** See {@link contentHash}. */
  readonly hash: string;
}

export interface DownloadRequest {
  readonly file: RemoteFile;
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Where the whole file goes. */
  readonly target: string;
  /** How long no byte may come. */
  readonly stallTimeoutMs: number;
  readonly signal?: AbortSignal;
  /** Bytes that are there now; it falls when a damaged part is thrown away. */
  onBytes?(there: number): void;
}

/**
 * Downloads a file. What arrives is kept beside the target, also when the download is cut or cancelled, and the next
 * attempt goes on from there; the file is moved to its place once its size and hash are what the hub lists.
 *
 * Own code and not `downloadFileToCacheDir` of `@huggingface/hub`, which begins anew after every cut, checks neither
 * size nor hash, tells no progress, cannot be cancelled, and lets two processes write into the same partial file.
 *
 * @throws HubError when the hub does not give the file, or gives another content than it lists.
 */
export async function downloadFile(request: DownloadRequest): Promise<void> {
  const partial = new PartialFile(`${request.target}.graphpatch.incomplete`, request);
  let there = 0;
  const count = (bytes: number): void => {
    there = bytes;
    request.onBytes?.(bytes);
  };
  const resumed = await partial.size();
  try {
    await fillAndCheck(request, partial, count, () => there);
  } catch (error) {
    // The part that was there before may have been damaged by a crash: once more, from the beginning.
    if (!(error instanceof WrongContent) || resumed === 0) throw error;
    await fillAndCheck(request, partial, count, () => there);
  }
  await partial.moveTo(request.target);
}

/** What arrived is not what the hub lists. */
class WrongContent extends HubError {}

async function fillAndCheck(
  request: DownloadRequest,
  partial: PartialFile,
  onBytes: (there: number) => void,
  progress: () => number,
): Promise<void> {
  const { file } = request;
  const attempt = (): Promise<string> => fill(request, partial, onBytes);
  try {
    const hash = await withRetries(attempt, progress, request.signal);
    if (hash === file.hash) return;
    throw new WrongContent(
      `${request.url}: what arrived is not the file that the hub lists (hash ${hash}, listed ${file.hash}); it was thrown away. Something between here and the hub changes files, or the file changed this moment: try again`,
    );
  } catch (error) {
    if (error instanceof WrongContent) await partial.remove();
    throw error;
  }
}

/** Downloads what is missing and returns the whole content's hash. */
async function fill(
  request: DownloadRequest,
  partial: PartialFile,
  onBytes: (there: number) => void,
): Promise<string> {
  const { file } = request;
  let hash = contentHash(file.hash, file.size);
  let offset = await partial.size();
  if (offset > file.size) {
    await partial.remove();
    offset = 0;
  }
  onBytes(offset);
  if (offset > 0) await hashFile(partial.path, offset, hash);
  if (offset === file.size && existsSync(partial.path)) return hash.hex();
  const { body, start, release } = await requestFrom(request, offset);
  if (start !== offset) {
    hash = contentHash(file.hash, file.size);
    offset = 0;
  }
  const output = await partial.open();
  try {
    await copy(request, body, { output, hash, offset, onBytes });
  } finally {
    release();
    await output.close();
  }
  return hash.hex();
}

interface Answer {
  body: AsyncIterable<Uint8Array>;
  /** The place in the file of the body's first byte: 0 where the server cannot continue. */
  start: number;
  /** Ends the watch for silence; to be called when the body is done with. */
  release(): void;
}

async function requestFrom(request: DownloadRequest, offset: number): Promise<Answer> {
  const silence = new AbortController();
  const headers = new Headers({ "accept-encoding": "identity" });
  if (offset > 0) headers.set("range", `bytes=${offset}-`);
  const response = await request.fetch(request.url, { headers, signal: silence.signal }).catch((error) => {
    throw error instanceof HubError && error.status === 416 ? cannotContinue(request, "status 416") : error;
  });
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error("no data came")), request.stallTimeoutMs);
  };
  const stream: AsyncIterable<Uint8Array> = response.body ?? emptyBody();
  watch();
  return {
    start: response.status === 206 ? startOf(response, request, offset) : 0,
    release: () => {
      clearTimeout(timer);
      silence.abort();
    },
    body: (async function* () {
      for await (const chunk of stream) {
        watch();
        yield chunk;
      }
    })(),
  };
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** Where the part that the server sends begins. */
function startOf(response: Response, request: DownloadRequest, asked: number): number {
  const range = response.headers.get("content-range") ?? "";
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
  if (Number(start) === asked && (total === "*" || Number(total) === request.file.size)) return asked;
  throw cannotContinue(request, `"${range}"`);
}

function cannotContinue({ url, file }: DownloadRequest, answer: string): WrongContent {
  return new WrongContent(
    `${url}: asked for the rest of ${file.size} bytes, the server answers ${answer}; the file changed on the hub, or something between here and the hub does not understand ranges`,
  );
}

async function copy(
  { file, url, signal }: DownloadRequest,
  body: AsyncIterable<Uint8Array>,
  to: { output: FileHandle; hash: ContentHash; offset: number; onBytes(there: number): void },
): Promise<void> {
  let { offset } = to;
  try {
    for await (const chunk of body) {
      if (offset + chunk.length > file.size) {
        throw new WrongContent(`${url}: more arrives than the ${file.size} bytes that the hub lists`);
      }
      // At its own place, not at the end: should two processes write here (on file systems without locks), they write
      // the same bytes to the same places.
      await writeAll(to.output, chunk, offset);
      to.hash.update(chunk);
      offset += chunk.length;
      to.onBytes(offset);
    }
  } catch (error) {
    if (error instanceof HubError || signal?.aborted) throw error;
    throw cut(url, offset, file.size, error);
  }
  if (offset < file.size) throw cut(url, offset, file.size, new Error("it ended early"));
  await to.output.datasync();
}

async function writeAll(output: FileHandle, chunk: Uint8Array, offset: number): Promise<void> {
  try {
    for (let done = 0; done < chunk.length; ) {
      done += (await output.write(chunk, done, chunk.length - done, offset + done)).bytesWritten;
    }
  } catch (error) {
    throw new HubError(`a download cannot be written: ${(error as Error).message}; what has arrived is kept`);
  }
}

function cut(url: string, offset: number, size: number, cause: unknown): HubError {
  const { message } = ((cause as Error).cause as Error | undefined) ?? (cause as Error);
  return new HubError(
    `${url}: the connection was cut after ${offset} of ${size} bytes (${message}); what has arrived is kept, and the next attempt goes on from there`,
    { cause },
  );
}

/** The part of a download that has arrived. */
class PartialFile {
  constructor(
    readonly path: string,
    private readonly request: DownloadRequest,
  ) {}

  async size(): Promise<number> {
    return existsSync(this.path) ? (await stat(this.path)).size : 0;
  }

  async open(): Promise<FileHandle> {
    await mkdir(dirname(this.path), { recursive: true });
    return open(this.path, existsSync(this.path) ? "r+" : "w");
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  async moveTo(target: string): Promise<void> {
    try {
      await rename(this.path, target);
    } catch (error) {
      const done = existsSync(target) && (await stat(target)).size === this.request.file.size;
      // Without locks another process may have finished the same file first.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || !done) throw error;
    }
  }
}
