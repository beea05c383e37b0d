import { execFile } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CancelledError, HubError, UnknownArchitectureError } from "../../native/lib/errors";
import { HubRepository } from "../../native/lib/hub";
import { retryPauses } from "../../native/lib/hub/retry";
import { AutoModelForCausalLM, type CausalLM, type LoadProgress } from "../../native/lib/models";
import { AutoTokenizer } from "../../native/lib/tokenizers";
import { torch } from "../../native/lib/torch";
import { FIXTURES, ScratchFolder } from "../support/files";
import { error, gitHash, HubServer, type SeenRequest, sha256 } from "../support/hubServer";

const SPLIT = [1, 2, 3].map((i) => `split-0000${i}-of-00003.gguf`);
const TOKEN = "hf_secret";
const WEIGHTS = "model.safetensors";

let scratch: ScratchFolder;
let server: HubServer;
let cache: string;

/** All files of a fixture, and some that no model needs. */
function repository(fixture: string): Record<string, Uint8Array> {
  const folder = join(FIXTURES, fixture);
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
  return {
    ...Object.fromEntries(files),
    "README.md": Buffer.from("read me"),
    "pytorch_model.bin": Buffer.from("pickle"),
    "onnx/model.onnx": Buffer.alloc(1000),
  };
}

/** Not compressible, so that any mistake in a place shows. */
const BIG = Buffer.from(Uint32Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2654435761)).buffer);

beforeEach(async () => {
  scratch = new ScratchFolder();
  cache = join(scratch.path, "hub");
  server = await HubServer.start({
    repositories: {
      "owner/gpt2": repository("gpt2-tiny"),
      "owner/llama": repository("llama-tiny"),
      "owner/ggufs": {
        "a-q4.gguf": readFileSync(join(FIXTURES, "gguf/llama-tiny.gguf")),
        "b-q8.gguf": "other",
        "deep/c.gguf": readFileSync(join(FIXTURES, "gguf/llama-tiny.gguf")),
      },
      "owner/split": Object.fromEntries(
        SPLIT.map((part) => [`q8/${part}`, readFileSync(join(FIXTURES, "gguf", part))]),
      ),
      "owner/split-in-part": {
        [SPLIT[0]]: readFileSync(join(FIXTURES, "gguf", SPLIT[0])),
      },
      "owner/pickle": { "config.json": '{"model_type": "gpt2"}', "pytorch_model.bin": "pickle" },
      "owner/mamba": { "config.json": '{"model_type": "mamba"}', [WEIGHTS]: "weights" },
      "owner/big": { "big.bin": BIG, "small.txt": "small", "other.bin": BIG.subarray(1) },
    },
    isLarge: (path) => /\.(safetensors|gguf|bin)$/.test(path),
  });
  vi.stubEnv("HF_ENDPOINT", `${server.endpoint}/`);
  vi.stubEnv("HF_HOME", scratch.path);
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HF_TOKEN_PATH"]) {
    vi.stubEnv(name, undefined);
  }
  for (const name of ["HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]) {
    vi.stubEnv(name, undefined);
  }
  retryPauses.firstMs = 1;
});

afterEach(async () => {
  await server.stop();
  scratch[Symbol.dispose]();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const load: typeof AutoModelForCausalLM.fromPretrained = (name, options) =>
  AutoModelForCausalLM.fromPretrained(name, options);
const input_ids = torch.tensor([[3, 4, 5]]);

async function expectSameModel(loaded: CausalLM, fixture: string): Promise<void> {
  const expected = await load(join(FIXTURES, fixture));
  expect(torch.equal(loaded.call({ input_ids }).logits, expected.call({ input_ids }).logits)).toBe(true);
}

async function failureOf(loading: Promise<unknown>): Promise<Error> {
  return loading.then(
    () => {
      throw new Error("it was loaded");
    },
    (failure) => failure as Error,
  );
}

async function fetchBig(files = ["big.bin"], signal?: AbortSignal): Promise<HubRepository> {
  const hub = await HubRepository.open("owner/big", { signal });
  await hub.list();
  await hub.fetch(files);
  return hub;
}

describe("a model", () => {
  test("in one file: only what is needed is fetched, and once", async () => {
    await expectSameModel(await load("owner/gpt2"), "gpt2-tiny");
    expect(server.downloads).toEqual(["config.json", WEIGHTS]);
    server.requests.length = 0;
    await expectSameModel(await load("owner/gpt2"), "gpt2-tiny");
    expect(server.downloads).toEqual([]);
  });

  test("in several files", async () => {
    await expectSameModel(await load("owner/llama"), "llama-tiny");
    expect(server.downloads.sort()).toEqual([
      "config.json",
      "model-00001-of-00003.safetensors",
      "model-00002-of-00003.safetensors",
      "model-00003-of-00003.safetensors",
      "model.safetensors.index.json",
    ]);
  });

  test("and its tokenizer", async () => {
    const [there, here] = [
      await AutoTokenizer.fromPretrained("owner/gpt2"),
      await AutoTokenizer.fromPretrained(join(FIXTURES, "gpt2-tiny")),
    ];
    expect(there.encode("Some text")).toEqual(here.encode("Some text"));
    expect(server.downloads.sort()).toEqual(["tokenizer.json", "tokenizer_config.json"]);
  });

  test.each([
    ["one that is named", `owner/split/q8/${SPLIT[0]}`],
    ["another one", `owner/split/q8/${SPLIT[1]}`],
  ])("in a GGUF file of several: %s brings all", async (_, name) => {
    const model = await load(name);
    expect(model.config.model_type).toBe("llama");
    expect([...server.downloads].sort()).toEqual(SPLIT.map((part) => `q8/${part}`));
  });

  test("a GGUF file of several, of which the others are not there", async () => {
    expect((await failureOf(load("owner/split-in-part"))).message).toMatch(
      /lacks parts of split-00001-of-00003\.gguf: split-00002-of-00003\.gguf, split-00003-of-00003\.gguf/,
    );
  });

  test.each(["owner/ggufs/a-q4.gguf", "owner/ggufs/deep/c.gguf"])("in a GGUF file: %s", async (name) => {
    expect((await load(name)).config).toMatchObject({ model_type: "llama", num_hidden_layers: 3 });
    expect(server.downloads).toEqual([name.slice("owner/ggufs/".length)]);
    // The fixture has no tokenizer in it: the same file is looked into.
    expect((await failureOf(AutoTokenizer.fromPretrained(name))).message).toMatch(/no tokenizer in it/);
    expect(server.downloads).toHaveLength(1);
  });

  test.each(["v1", "refs/pr/1"])("of the revision %s", async (revision) => {
    await load("owner/gpt2", { revision });
    const commit = server.commit("owner/gpt2");
    expect(readFileSync(join(cache, "models--owner--gpt2/refs", revision), "utf8")).toBe(commit);
    expect(server.requests.every(({ path }) => !path.includes("/main"))).toBe(true);
    await load("owner/gpt2", { revision: commit });
  });

  test("tells how far it is, in bytes and then in tensors", async () => {
    const seen: LoadProgress[] = [];
    await load("owner/gpt2", { onProgress: (progress) => seen.push(progress) });
    const downloads = seen.filter(({ stage }) => stage === "download");
    const size = [WEIGHTS, "config.json"]
      .map((name) => statSync(join(FIXTURES, "gpt2-tiny", name)).size)
      .reduce((a, b) => a + b);
    expect(downloads.at(-1)).toEqual({ stage: "download", done: size, total: size });
    expect(seen.at(-1)).toMatchObject({ stage: "weights" });
  });

  test("whose architecture is not known: told before its weights are fetched", async () => {
    expect(await failureOf(load("owner/mamba"))).toBeInstanceOf(UnknownArchitectureError);
    expect(server.downloads).toEqual(["config.json"]);
  });

  test("a folder of that name on this machine comes first", async () => {
    const folder = join(FIXTURES, "gpt2-tiny");
    await load(folder);
    expect(server.requests).toEqual([]);
    const failure = await failureOf(load(folder, { revision: "v1" }));
    expect(failure.message).toMatch(/is on this machine; only models on the hub have a revision/);
  });
});

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
    server = await HubServer.start({ repositories: {} });
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

describe("the token", () => {
  const sentTo = (host: SeenRequest["host"]) =>
    new Set(server.requests.filter((seen) => seen.host === host).map(({ authorization }) => authorization));

  test.each<[string, () => void]>([
    ["of HF_TOKEN", () => vi.stubEnv("HF_TOKEN", ` ${TOKEN}\n`)],
    ["of the token file", () => scratch.write("token", `${TOKEN}\n`)],
    [
      "of the file at HF_TOKEN_PATH",
      () => vi.stubEnv("HF_TOKEN_PATH", scratch.write("elsewhere.txt", TOKEN)),
    ],
  ])("%s goes to the hub, and not to where it redirects", async (_, give) => {
    give();
    await load("owner/llama");
    expect(sentTo("hub")).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(sentTo("storage")).toEqual(new Set([undefined]));
  });

  test("is not sent where a listing's next page leads", async () => {
    vi.stubEnv("HF_TOKEN", TOKEN);
    const other = await HubServer.start({ repositories: {} });
    server.refuse = (request, response) => {
      if (!request.url?.includes("/tree/")) return false;
      response.setHeader("link", `<${other.endpoint}/next>; rel="next"`);
      response.setHeader("content-type", "application/json").end("[]");
      return true;
    };
    const failure = await failureOf(load("owner/gpt2"));
    await other.stop();
    expect(failure.message).toMatch(/names an address outside of/);
    expect(other.requests).toEqual([]);
  });

  test("that cannot be one is not sent, nor shown", async () => {
    vi.stubEnv("HF_TOKEN", "hf_with spaces");
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure.message).toMatch(/HF_TOKEN holds spaces/);
    expect(failure.message).not.toContain("hf_with");
  });
});

describe("what the hub refuses", () => {
  const refusal = async (status: number, code: string, token?: string): Promise<Error> => {
    if (token) vi.stubEnv("HF_TOKEN", token);
    server.refuse = (_, response) => {
      error(response, status, code, "what\u001b[31m the\nserver says");
      return true;
    };
    return failureOf(load("owner/gpt2"));
  };

  test.each([
    [401, "RepoNotFound", undefined, /no model "owner\/gpt2" on the hub, or it is private.*set HF_TOKEN/],
    [
      404,
      "RepoNotFound",
      TOKEN,
      /or the token that was sent \(HF_TOKEN, or the token file\) may not read it/,
    ],
    [401, "GatedRepo", undefined, /granted by its owners: ask for it at .*owner\/gpt2, then set HF_TOKEN/],
    [403, "GatedRepo", TOKEN, /the token that was sent is of an account without it/],
    [404, "RevisionNotFound", undefined, /owner\/gpt2 has no revision "main"/],
    [403, "DisabledRepo", undefined, /owner\/gpt2 has been disabled/],
    [429, "", undefined, /too many requests; wait some minutes, or set HF_TOKEN/],
  ])("%i %s, token %s", async (status, code, token, message) => {
    const failure = await refusal(status, code, token);
    expect(failure).toBeInstanceOf(HubError);
    expect(failure).toMatchObject({ status });
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(`The hub answered ${status}: what [31m the server says`);
    expect(failure.message).toContain(join(process.cwd(), "owner/gpt2"));
    expect(failure.message).not.toContain(TOKEN);
  });

  test.each([
    [401, undefined, /access to owner\/gpt2 is granted by its owners: ask for it at .*, then set HF_TOKEN/],
    [403, TOKEN, /the token that was sent is of an account without it/],
  ])("a gated model is listed, and only its files are refused: %i", async (status, token, message) => {
    if (token) vi.stubEnv("HF_TOKEN", token);
    server.refuse = (request, response) => {
      if (!request.url?.includes("/resolve/")) return false;
      error(response, status, "GatedRepo", "Access to this model is restricted");
      return true;
    };
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure).toMatchObject({ status });
    expect(failure.message).toMatch(message);
    expect(existsSync(join(cache, "models--owner--gpt2/blobs"))).toBe(false);
  });

  test("an index that leads out of the folder, or names what is not there", async () => {
    const index = (file: string) => JSON.stringify({ weight_map: { "wte.weight": file } });
    const config = readFileSync(join(FIXTURES, "gpt2-tiny/config.json"));
    const sharded = (file: string) => ({
      "config.json": config,
      "model.safetensors.index.json": index(file),
    });
    const other = await HubServer.start({
      repositories: { "owner/out": sharded("../../../outside"), "owner/gone": sharded("gone.safetensors") },
    });
    vi.stubEnv("HF_ENDPOINT", other.endpoint);
    const [out, gone] = [await failureOf(load("owner/out")), await failureOf(load("owner/gone"))];
    await other.stop();
    expect(out.message).toMatch(
      /"\.\.\/\.\.\/\.\.\/outside", which is not the name of a file in the same folder/,
    );
    expect(gone.message).toMatch(/owner\/gone has no file gone\.safetensors/);
    expect(other.downloads).not.toContain("../../../outside");
  });

  test("a model that is not there, a file that is not there", async () => {
    expect((await failureOf(load("owner/nothing"))).message).toMatch(/no model "owner\/nothing" on the hub/);
    expect((await failureOf(load("owner/ggufs"))).message).toMatch(
      /has no config\.json; name one of its \.gguf files, as in "owner\/name\/file\.gguf": a-q4\.gguf, b-q8\.gguf/,
    );
    expect((await failureOf(load("owner/ggufs/c.gguf"))).message).toMatch(/has no file c\.gguf; name one of/);
    expect((await failureOf(load("owner/pickle"))).message).toMatch(
      /has neither model\.safetensors nor .*only pytorch_model\.bin, a pickle, .*never read/,
    );
    expect((await failureOf(AutoTokenizer.fromPretrained("owner/pickle"))).message).toMatch(
      /has no tokenizer\.json/,
    );
    expect((await failureOf(load("owner/gpt2", { revision: "nope" }))).message).toMatch(/no revision "nope"/);
  });

  test.each(["../x", "/etc", "a\\b", "", "a/../b"])("a revision %j that is a way out", async (revision) => {
    expect((await failureOf(load("owner/gpt2", { revision }))).message).toMatch(/revision must be/);
  });

  test("an answer that is no hub's", async () => {
    server.refuse = (_, response) => {
      response.setHeader("content-type", "text/html").end("<html>Log in</html>");
      return true;
    };
    expect((await failureOf(load("owner/gpt2"))).message).toMatch(/does not answer as the hub does/);
  });

  test.each([
    { path: "../../outside" },
    { path: "/etc/passwd" },
    { path: "a\\b" },
    { path: 7 },
    { size: -1 },
    { size: "12" },
    { size: 2 ** 60 },
    { oid: "../../x", lfs: undefined },
    { oid: "A".repeat(40), lfs: undefined },
    { lfs: { oid: "../../../x".padEnd(64, "a") } },
  ])("a listing with %j", async (change) => {
    server.tamper = (entry) => ({ ...entry, ...change });
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure.message).toMatch(/in a way that cannot be right/);
    expect(readdirSync(scratch.path)).toEqual(["hub"]);
    expect(server.downloads).toEqual([]);
  });

  test("more than the disk has room for", async () => {
    server.tamper = (entry) => ({ ...entry, size: 2 ** 52 });
    const failure = await failureOf(load("owner/gpt2"));
    expect(failure.message).toMatch(/needs 4503599\.6 GB in .*which has room for .*set HF_HUB_CACHE/);
  });
});
