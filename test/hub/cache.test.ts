import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { HubError } from "../../native/lib/errors";
import { HubRepository } from "../../native/lib/hub";
import { AutoTokenizer } from "../../native/lib/tokenizers";
import { FIXTURES } from "../support/files";
import {
  BIG,
  cache,
  expectSameModel,
  failureOf,
  fetchBig,
  load,
  scratch,
  server,
  useHub,
  WEIGHTS,
} from "../support/hubScene";
import { HubServer, sha256 } from "../support/hubServer";

useHub();

describe("the cache", () => {
  /** Files and links of a folder. */
  function layoutOf(folder: string, prefix = ""): Record<string, unknown> {
    return Object.fromEntries(
      readdirSync(join(folder, prefix))
        .sort()
        .flatMap((name) => {
          const path = join(prefix, name);
          const stat = lstatSync(join(folder, path));
          if (stat.isDirectory()) return Object.entries(layoutOf(folder, path));
          const entry = stat.isSymbolicLink()
            ? { link: readlinkSync(join(folder, path)) }
            : { base64: readFileSync(join(folder, path)).toString("base64") };
          return [[path, entry]];
        }),
    );
  }

  type Layout = Record<string, { link: string } | { base64: string }>;
  const python: { commit: string; layout: Layout } = JSON.parse(
    readFileSync(join(FIXTURES, "hub/python-cache.json"), "utf8"),
  );

  /** Writes what Python's huggingface_hub left behind (test/fixtures/make/make_hub_cache.py). */
  function writePythonCache(): void {
    for (const [name, entry] of Object.entries(python.layout)) {
      const path = join(cache, name);
      mkdirSync(dirname(path), { recursive: true });
      if ("link" in entry) symlinkSync(entry.link, path);
      else writeFileSync(path, Buffer.from(entry.base64, "base64"));
    }
  }

  test("is laid out as Python's huggingface_hub does it, which shares it", async () => {
    const snapshot = `models--owner--name/snapshots/${python.commit}/`;
    const contents = Object.entries(python.layout).flatMap(([path, entry]) => {
      if (!path.startsWith(snapshot) || !("link" in entry)) return [];
      const blob = python.layout[join(dirname(path), entry.link)];
      return "base64" in blob ? [[path.slice(snapshot.length), Buffer.from(blob.base64, "base64")]] : [];
    });
    expect(contents).toHaveLength(3);
    const other = await HubServer.start({
      repositories: { "owner/name": Object.fromEntries(contents) },
      isLarge: (path) => /\.(safetensors|gguf)$/.test(path),
    });
    vi.spyOn(other, "commit").mockReturnValue(python.commit);
    vi.stubEnv("HF_ENDPOINT", other.endpoint);
    try {
      for (const revision of ["main", "refs/pr/1"]) {
        const hub = await HubRepository.open("owner/name", { revision });
        await hub.fetch([...(await hub.list()), ...(await hub.list("quantised"))]);
      }
    } finally {
      await other.stop();
    }
    const { "CACHEDIR.TAG": _, ...expected } = python.layout;
    expect(layoutOf(cache)).toEqual(expected);
  });

  test("that Python's huggingface_hub made is used, without the hub too", async () => {
    writePythonCache();
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    for (const revision of ["main", "refs/pr/1", python.commit]) {
      const hub = await HubRepository.open("owner/name", { revision });
      expect(await hub.list()).toEqual(["config.json", WEIGHTS]);
      expect(await hub.list("quantised")).toEqual(["quantised/model-q8.gguf"]);
      await hub.fetch(["config.json", "quantised/model-q8.gguf"]);
      expect(readFileSync(hub.path("config.json"), "utf8")).toBe('{"model_type": "gpt2"}');
    }
    expect(server.requests).toEqual([]);
  });

  test("is where the environment says", async () => {
    vi.stubEnv("HF_HUB_CACHE", join(scratch.path, "elsewhere"));
    await load("owner/gpt2");
    expect(existsSync(join(scratch.path, "elsewhere/models--owner--gpt2"))).toBe(true);
    expect(existsSync(cache)).toBe(false);
  });

  test("a content that is there under another commit is not fetched again; a truncated one is", async () => {
    const hub = await fetchBig();
    const blob = join(hub.folder, readlinkSync(hub.path("big.bin")));
    server.requests.length = 0;
    vi.spyOn(server, "commit").mockReturnValue("a".repeat(40));
    await fetchBig();
    expect(server.downloads).toEqual([]);
    truncateSync(blob, 5);
    vi.spyOn(server, "commit").mockReturnValue("b".repeat(40));
    expect(readFileSync((await fetchBig()).path("big.bin")).equals(BIG)).toBe(true);
    expect(server.downloads).toEqual(["big.bin"]);
  });
});

describe("a cache", () => {
  test("whose contents huggingface_hub 2.4 shares among repositories is used and mended", async () => {
    await fetchBig();
    const blob = join(cache, "models--owner--big/blobs", sha256(BIG));
    const shared = join(cache, "blobs/ab/abcd");
    mkdirSync(dirname(shared), { recursive: true });
    renameSync(blob, shared);
    symlinkSync("../../blobs/ab/abcd", blob);
    server.requests.length = 0;
    for (const digit of "cd") {
      vi.spyOn(server, "commit").mockReturnValue(digit.repeat(40));
      const hub = await fetchBig();
      expect(readFileSync(hub.path("big.bin")).equals(BIG)).toBe(true);
      expect(server.downloads).toEqual(digit === "c" ? [] : ["big.bin"]);
      rmSync(shared, { force: true });
    }
  });

  test("that cannot be is an error that says what to do", async () => {
    writeFileSync(cache, "a file");
    for (const offline of ["0", "1"]) {
      vi.stubEnv("HF_HUB_OFFLINE", offline);
      const failure = await failureOf(fetchBig());
      expect(failure).toBeInstanceOf(HubError);
      expect(failure.message).toMatch(/hub cannot be used: ENOTDIR.*; set HF_HUB_CACHE to a folder/);
    }
  });
});

describe("without the hub", () => {
  test("HF_HUB_OFFLINE: a loaded model loads again, without a request", async () => {
    await load("owner/llama");
    await AutoTokenizer.fromPretrained("owner/gpt2");
    server.requests.length = 0;
    vi.stubEnv("HF_HUB_OFFLINE", "yes");
    await expectSameModel(await load("owner/llama"), "llama-tiny");
    await AutoTokenizer.fromPretrained("owner/gpt2");
    expect(server.requests).toEqual([]);
  });

  test("HF_HUB_OFFLINE: what the cache lacks is an error that says so", async () => {
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const never = await failureOf(load("owner/gpt2"));
    expect(never).toBeInstanceOf(HubError);
    expect(never.message).toMatch(
      /HF_HUB_OFFLINE is set and .*models--owner--gpt2 has nothing of owner\/gpt2/,
    );
    vi.stubEnv("HF_HUB_OFFLINE", "0");
    await AutoTokenizer.fromPretrained("owner/gpt2");
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const partly = await failureOf(load("owner/gpt2"));
    expect(partly.message).toMatch(/in the cache \(HF_HUB_OFFLINE is set\).* has no config\.json/);
  });

  test("HF_HUB_OFFLINE: shards that the cache lacks are named", async () => {
    await load("owner/llama");
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const snapshot = join(cache, "models--owner--llama/snapshots", server.commit("owner/llama"));
    rmSync(join(snapshot, "model-00002-of-00003.safetensors"));
    const failure = await failureOf(load("owner/llama"));
    expect(failure).toBeInstanceOf(HubError);
    expect(failure.message).toMatch(/lacks model-00002-of-00003\.safetensors \(HF_HUB_OFFLINE is set\)/);
  });

  test("a hub that cannot be reached: the cache is used with a warning, and without one it is an error", async () => {
    await load("owner/gpt2");
    await server.stop();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await expectSameModel(await load("owner/gpt2"), "gpt2-tiny");
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/cannot be reached: .*copy in the cache is used/),
    );
    const failure = await failureOf(load("owner/llama"));
    expect(failure).toBeInstanceOf(HubError);
    expect(failure.message).toMatch(
      /cannot be reached: .*ECONNREFUSED.*HF_ENDPOINT.*On this machine it is not either/,
    );
  });

  test("a hub that does not answer", async () => {
    await load("owner/gpt2");
    vi.stubEnv("HF_HUB_ETAG_TIMEOUT", "0.1");
    server.refuse = () => true;
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await load("owner/gpt2");
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/no answer in 0\.1 s/));
  });
});
