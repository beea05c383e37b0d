import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface SeenRequest {
  method: string;
  path: string;
  authorization: string | undefined;
  range: string | undefined;
  /** The host that was asked: the hub, or where it sends for large files. */
  host: "hub" | "storage";
}

export interface HubServerOptions {
  /** `owner/name` → path → content. */
  repositories: Record<string, Record<string, Uint8Array | string>>;
  /** Files kept as large ones (`lfs`): listed with their SHA-256, sent by another host after a redirect. */
  isLarge?: (path: string) => boolean;
}

/** What the stand-in does instead of sending a file. */
export type Fault = (context: {
  path: string;
  content: Uint8Array;
  /** First byte that was asked for. */
  start: number;
  /** How many times this file has been asked for, this time included. */
  attempt: number;
  request: IncomingMessage;
  response: ServerResponse;
}) => boolean;

/**
 * What graphpatch and `huggingface_hub` ask the Hugging Face hub, on this machine's loopback: revisions, listings, files
 * with ranges. Large files are on a second server (another port is another origin), as the hub's are.
 */
export class HubServer {
  readonly requests: SeenRequest[] = [];
  /** Answers of the hub itself before anything else: true when it has answered. */
  refuse: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;
  /** What happens to a file on its way: true when it has been dealt with. */
  fault: Fault | null = null;
  /** Changes an entry of the listing. */
  tamper: (entry: Record<string, unknown>) => Record<string, unknown> = (entry) => entry;
  /** Most entries of a page of a listing. */
  pageSize = 3;
  readonly #hub: Server;
  readonly #storage: Server;
  readonly #attempts = new Map<string, number>();

  private constructor(private readonly options: HubServerOptions) {
    this.#hub = createServer((request, response) => this.#answerHub(request, response));
    this.#storage = createServer((request, response) => this.#answerStorage(request, response));
  }

  static async start(options: HubServerOptions): Promise<HubServer> {
    const server = new HubServer(options);
    for (const one of [server.#hub, server.#storage]) {
      await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    }
    return server;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get endpoint(): string {
    return address(this.#hub);
  }

  /** The commit of a repository: the same whenever its files are. */
  commit(repository: string): string {
    const hash = createHash("sha1");
    for (const [path, content] of Object.entries(this.options.repositories[repository] ?? {})) {
      hash.update(path).update(content);
    }
    return hash.digest("hex");
  }

  /** Paths of the files that were asked for, without the requests for metadata. */
  get downloads(): string[] {
    return this.requests.flatMap(({ path, method, host }) => {
      const [, file] = /\/resolve\/[^/]+\/(.*)$/.exec(path) ?? [];
      return file !== undefined && method === "GET" && host === "hub" ? [decodeURIComponent(file)] : [];
    });
  }

  #record(request: IncomingMessage, host: SeenRequest["host"]): URL {
    const url = new URL(request.url ?? "", "http://stand-in");
    const { authorization, range } = request.headers;
    this.requests.push({ method: request.method ?? "", path: url.pathname, authorization, range, host });
    return url;
  }

  #answerHub(request: IncomingMessage, response: ServerResponse): void {
    const url = this.#record(request, "hub");
    if (this.refuse?.(request, response)) return;
    const path = decodeURIComponent(url.pathname);
    for (const [name, files] of Object.entries(this.options.repositories)) {
      const commit = this.commit(name);
      const revision = `(?:main|v1|refs/pr/1|${commit})`;
      if (new RegExp(`^/api/models/${name}/revision/${revision}$`).test(path)) {
        return json(response, 200, { _id: "0", id: name, sha: commit, lastModified: "2026-01-01T00:00:00Z" });
      }
      const [listing, folder] = new RegExp(`^/api/models/${name}/tree/${commit}(?:/(.*))?$`).exec(path) ?? [];
      if (listing !== undefined) return this.#list(response, url, files, folder ?? "");
      const [resolve, file] = new RegExp(`^/${name}/resolve/${revision}/(.*)$`).exec(path) ?? [];
      if (resolve !== undefined && Object.hasOwn(files, file)) {
        return this.#resolve(request, response, { name, file, content: bytes(files[file]) });
      }
      if (path.startsWith(`/api/models/${name}/revision/`)) {
        return error(response, 404, "RevisionNotFound", "Invalid rev id");
      }
      if (path.startsWith(`/${name}/resolve/`)) {
        return error(response, 404, "EntryNotFound", "Entry not found");
      }
    }
    error(response, 401, "RepoNotFound", "Invalid username or password.");
  }

  #list(
    response: ServerResponse,
    url: URL,
    files: Record<string, Uint8Array | string>,
    folder: string,
  ): void {
    const prefix = folder === "" ? "" : `${folder}/`;
    const entries = Object.entries(files).flatMap(([path, content]) => {
      if (!path.startsWith(prefix)) return [];
      const rest = path.slice(prefix.length);
      if (rest.includes("/")) return [{ type: "directory", path: `${prefix}${rest.split("/")[0]}`, size: 0 }];
      return [this.tamper(this.#entry(path, bytes(content)))];
    });
    const start = Number(url.searchParams.get("cursor") ?? 0);
    const end = start + this.pageSize;
    if (end < entries.length) {
      url.searchParams.set("cursor", String(end));
      response.setHeader("link", `<${this.endpoint}${url.pathname}${url.search}>; rel="next"`);
    }
    json(response, 200, entries.slice(start, end));
  }

  #entry(path: string, content: Uint8Array): Record<string, unknown> {
    const entry = { type: "file", path, size: content.length, oid: gitHash(content) };
    if (!this.options.isLarge?.(path)) return entry;
    return { ...entry, lfs: { oid: sha256(content), size: content.length, pointerSize: 134 } };
  }

  #resolve(
    request: IncomingMessage,
    response: ServerResponse,
    { name, file, content }: { name: string; file: string; content: Uint8Array },
  ): void {
    const isLarge = this.options.isLarge?.(file) ?? false;
    response.setHeader("x-repo-commit", this.commit(name));
    response.setHeader("etag", `"${isLarge ? sha256(content) : gitHash(content)}"`);
    if (!isLarge) return this.#send(request, response, file, content);
    response.setHeader("x-linked-size", content.length);
    response.setHeader("x-linked-etag", `"${sha256(content)}"`);
    response.writeHead(302, { location: `${address(this.#storage)}/${name}/resolve/x/${file}` }).end();
  }

  #answerStorage(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(this.#record(request, "storage").pathname);
    for (const [name, files] of Object.entries(this.options.repositories)) {
      const file = path.slice(`/${name}/resolve/x/`.length);
      if (path.startsWith(`/${name}/resolve/x/`) && Object.hasOwn(files, file)) {
        return this.#send(request, response, file, bytes(files[file]));
      }
    }
    response.writeHead(403).end();
  }

  #send(request: IncomingMessage, response: ServerResponse, path: string, content: Uint8Array): void {
    const [, from] = /^bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
    const start = Number(from ?? 0);
    const attempt = (this.#attempts.get(path) ?? 0) + 1;
    this.#attempts.set(path, attempt);
    if (this.fault?.({ path, content, start, attempt, request, response })) return;
    if (from === undefined) {
      response.writeHead(200, { "content-length": content.length }).end(content);
      return;
    }
    response
      .writeHead(206, {
        "content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
        "content-length": content.length - start,
      })
      .end(content.subarray(start));
  }
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function bytes(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? Buffer.from(content) : content;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** An error as the hub words it: a code and a message among the headers, the message in the body too. */
export function error(response: ServerResponse, status: number, code: string, message: string): void {
  response.setHeader("x-error-code", code);
  // HTTP itself allows no control characters there; a server can still put them into the body.
  if (/^[\x20-\x7e]*$/.test(message)) response.setHeader("x-error-message", message);
  json(response, status, { error: message });
}

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

export function gitHash(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
