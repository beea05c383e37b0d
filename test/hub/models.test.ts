import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UnknownArchitectureError } from "../../native/lib/errors";
import type { LoadProgress } from "../../native/lib/models";
import { AutoTokenizer } from "../../native/lib/tokenizers";
import { FIXTURES } from "../support/files";
import {
  cache,
  expectSameModel,
  failureOf,
  GGUF_PARTS,
  load,
  server,
  useHub,
  WEIGHTS,
} from "../support/hubScene";

useHub();

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
    ["one that is named", `owner/split/q8/${GGUF_PARTS[0]}`],
    ["another one", `owner/split/q8/${GGUF_PARTS[1]}`],
  ])("in a GGUF file of several: %s brings all", async (_, name) => {
    const model = await load(name);
    expect(model.config.model_type).toBe("llama");
    expect([...server.downloads].sort()).toEqual(GGUF_PARTS.map((part) => `q8/${part}`));
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
