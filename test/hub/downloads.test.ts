import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { CancelledError, HubError } from "../../native/lib/errors";
import { HubRepository } from "../../native/lib/hub";
import { FIXTURES } from "../support/files";
import { BIG, cache, failureOf, fetchBig, load, server, useHub } from "../support/hubScene";
import { gitHash, type HubServer, sha256 } from "../support/hubServer";

useHub();

describe("a download that goes wrong", () => {
  /** Sends up to `end` and cuts the connection. */
  const cutAt =
    (end: number, times = 1) =>
    ({ content, start, attempt, response }: Parameters<NonNullable<HubServer["fault"]>>[0]): boolean => {
      if (attempt > times) return false;
      response.writeHead(start === 0 ? 200 : 206, {
        "content-length": content.length - start,
        "content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
      });
      response.write(content.subarray(start, Math.max(start, end)), () => response.destroy());
      return true;
    };
  const ranges = () => server.requests.filter(({ host }) => host === "storage").map(({ range }) => range);
  const partial = () => join(cache, "models--owner--big/blobs", `${sha256(BIG)}.graphpatch.incomplete`);

  test("a cut connection is continued where it ended", async () => {
    server.fault = cutAt(500_000);
    const hub = await fetchBig();
    expect(readFileSync(hub.path("big.bin")).equals(BIG)).toBe(true);
    const [first, second] = ranges();
    expect(first).toBe(undefined);
    const from = Number(/^bytes=(\d+)-$/.exec(second ?? "")?.[1]);
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(500_000);
    expect(existsSync(partial())).toBe(false);
  });

  test("wherever and however often it is cut, the file is whole in the end", async () => {
    const cuts = fc.array(fc.nat(BIG.length), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, async (ends) => {
        rmSync(cache, { recursive: true, force: true });
        let cut = 0;
        server.fault = (context) => {
          if (cut >= ends.length) return false;
          return cutAt(ends[cut++], Number.POSITIVE_INFINITY)(context);
        };
        expect(readFileSync((await fetchBig()).path("big.bin")).equals(BIG)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  test("cut again and again: an error, and the next call goes on", async () => {
    server.fault = cutAt(600_000, 99);
    const failure = await failureOf(fetchBig());
    expect(failure).toBeInstanceOf(HubError);
    expect(failure.message).toMatch(/was cut after \d+ of 1200000 bytes .*what has arrived is kept/);
    const there = statSync(partial()).size;
    expect(there).toBeGreaterThan(0);
    expect(existsSync((await HubRepository.open("owner/big")).path("big.bin"))).toBe(false);
    server.fault = null;
    server.requests.length = 0;
    const hub = await fetchBig();
    expect(ranges()).toEqual([`bytes=${there}-`]);
    expect(readFileSync(hub.path("big.bin")).equals(BIG)).toBe(true);
  });

  test("a partial file that was damaged meanwhile is thrown away", async () => {
    mkdirSync(dirname(partial()), { recursive: true });
    writeFileSync(partial(), Buffer.alloc(1000));
    const hub = await fetchBig();
    expect(ranges()).toEqual(["bytes=1000-", undefined]);
    expect(readFileSync(hub.path("big.bin")).equals(BIG)).toBe(true);
  });

  test.each([
    ["longer than the file", BIG.length + 10, [undefined]],
    ["complete already", BIG.length, []],
  ])("a partial file that is %s", async (_, length, asked) => {
    mkdirSync(dirname(partial()), { recursive: true });
    writeFileSync(partial(), Buffer.concat([BIG, Buffer.alloc(10)]).subarray(0, length));
    const hub = await fetchBig();
    expect(ranges()).toEqual(asked);
    expect(readFileSync(hub.path("big.bin")).equals(BIG)).toBe(true);
  });

  test.each<[string, (response: Parameters<NonNullable<HubServer["fault"]>>[0]) => void]>([
    ["is sent whole", ({ response, content }) => response.writeHead(200).end(content)],
    [
      "is of another file",
      ({ response, content }) =>
        response.writeHead(206, { "content-range": "bytes 0-9/10" }).end(content.subarray(0, 10)),
    ],
    ["is refused", ({ response }) => response.writeHead(416).end()],
  ])("a rest that %s", async (_, answer) => {
    mkdirSync(dirname(partial()), { recursive: true });
    writeFileSync(partial(), BIG.subarray(0, 1000));
    server.fault = (context) => {
      if (context.start === 0) return false;
      answer(context);
      return true;
    };
    expect(readFileSync((await fetchBig()).path("big.bin")).equals(BIG)).toBe(true);
  });

  test("other content than listed is never used", async () => {
    server.fault = ({ content, response }) => {
      response.end(Buffer.from(content).fill(0, 10, 20));
      return true;
    };
    const failure = await failureOf(fetchBig());
    expect(failure).toBeInstanceOf(HubError);
    expect(failure.message).toMatch(
      /what arrived is not the file that the hub lists \(hash [0-9a-f]{64}, listed/,
    );
    expect(readdirSync(join(cache, "models--owner--big"))).not.toContain("snapshots");
    expect(existsSync(partial())).toBe(false);
    expect(ranges()).toEqual([undefined]);
  });

  test("small files are checked by git's hash", async () => {
    server.fault = ({ response }) => {
      response.end("SMALL");
      return true;
    };
    expect((await failureOf(fetchBig(["small.txt"]))).message).toContain(
      `listed ${gitHash(Buffer.from("small"))}`,
    );
  });

  test("more than listed is not written to the disk", async () => {
    server.fault = ({ content, response }) => {
      response.end(Buffer.concat([content, content]));
      return true;
    };
    expect((await failureOf(fetchBig())).message).toMatch(/more arrives than the 1200000 bytes/);
    expect(existsSync(partial())).toBe(false);
  });

  test("a hub with trouble is asked again", async () => {
    let troubles = 3;
    server.refuse = (_, response) => {
      if (troubles-- <= 0) return false;
      response.writeHead(troubles === 2 ? 429 : 503).end();
      return true;
    };
    await fetchBig();
    troubles = 99;
    const failure = await failureOf(load("owner/llama"));
    expect(failure).toMatchObject({ status: 503 });
    expect(failure.message).toMatch(/a problem of its own; try again later\. The hub answered 503/);
  });

  test("silence is a cut, too", async () => {
    vi.stubEnv("HF_HUB_DOWNLOAD_TIMEOUT", "0.2");
    server.fault = ({ content, attempt, response }) => {
      if (attempt > 1) return false;
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 1000));
      return true;
    };
    const hub = await fetchBig();
    expect(readFileSync(hub.path("big.bin")).equals(BIG)).toBe(true);
    expect(ranges()).toEqual([undefined, "bytes=1000-"]);
  });

  test("cancelled: it ends at once, and the next one goes on", async () => {
    const controller = new AbortController();
    server.fault = ({ content, attempt, response }) => {
      if (attempt > 1) return false;
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 1000), () => setTimeout(() => controller.abort(), 50));
      return true;
    };
    const failure = await failureOf(fetchBig(["big.bin"], controller.signal));
    expect(failure).toBeInstanceOf(CancelledError);
    expect(failure.message).toMatch(/loading owner\/big was cancelled/);
    await fetchBig();
    expect(ranges()).toEqual([undefined, "bytes=1000-"]);
    expect(await failureOf(load("owner/gpt2", { signal: controller.signal }))).toBeInstanceOf(CancelledError);
    const local = load(join(FIXTURES, "gpt2-tiny"), { signal: controller.signal });
    expect(await failureOf(local)).toBeInstanceOf(CancelledError);
  });

  test("one file that fails stops the others", async () => {
    server.fault = ({ path, response }) => {
      if (path === "other.bin") response.writeHead(403).end();
      else response.write("x");
      return true;
    };
    expect(await failureOf(fetchBig(["big.bin", "other.bin"]))).toMatchObject({ status: 403 });
  });
});

describe("several at once", () => {
  test("in one process fetch each file once", async () => {
    const hubs = await Promise.all([fetchBig(["big.bin", "small.txt"]), fetchBig(), fetchBig()]);
    for (const hub of hubs) expect(readFileSync(hub.path("big.bin")).equals(BIG)).toBe(true);
    expect(server.downloads.sort()).toEqual(["big.bin", "small.txt"]);
  });

  test("a lock that Python's filelock holds is waited for, and what it fetched is used", async () => {
    const lock = join(cache, ".locks/models--owner--big", `${sha256(BIG)}.lock`);
    mkdirSync(dirname(lock), { recursive: true });
    const blob = join(cache, "models--owner--big/blobs", sha256(BIG));
    mkdirSync(dirname(blob), { recursive: true });
    writeFileSync(`${blob}.python`, BIG);
    // flock(1) takes the lock as fcntl.flock does.
    const command = `echo held > ${lock}.held; sleep 0.5; mv ${blob}.python ${blob}`;
    const other = promisify(execFile)("flock", [lock, "sh", "-c", command]);
    await vi.waitFor(() => expect(existsSync(`${lock}.held`)).toBe(true));
    await fetchBig();
    await other;
    expect(server.downloads).toEqual([]);
  });
});
