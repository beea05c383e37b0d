import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { HubRepository } from "../../native/lib/hub";
import { retryPauses } from "../../native/lib/hub/retry";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { torch } from "../../native/lib/torch";
import { FIXTURES, ScratchFolder } from "./files";
import { HubServer } from "./hubServer";

export const TOKEN = "hf_secret";
/** A GGUF model in several files. */
export const GGUF_PARTS = [1, 2, 3].map((i) => `split-0000${i}-of-00003.gguf`);
export const WEIGHTS = "model.safetensors";

/** What {@link useHub} sets up for each test: a folder of its own, a hub, and where the cache will be. */
export let scratch: ScratchFolder;
export let server: HubServer;
export let cache: string;

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
export const BIG = Buffer.from(
  Uint32Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2654435761)).buffer,
);

/** Starts a hub before each test of a file, with an environment that knows no other. */
export function useHub(): void {
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
          GGUF_PARTS.map((part) => [`q8/${part}`, readFileSync(join(FIXTURES, "gguf", part))]),
        ),
        "owner/split-in-part": { [GGUF_PARTS[0]]: readFileSync(join(FIXTURES, "gguf", GGUF_PARTS[0])) },
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
}

export const load: typeof AutoModelForCausalLM.fromPretrained = (name, options) =>
  AutoModelForCausalLM.fromPretrained(name, options);
export const input_ids = torch.tensor([[3, 4, 5]]);

export async function expectSameModel(loaded: CausalLM, fixture: string): Promise<void> {
  const expected = await load(join(FIXTURES, fixture));
  expect(torch.equal(loaded.call({ input_ids }).logits, expected.call({ input_ids }).logits)).toBe(true);
}

export async function failureOf(loading: Promise<unknown>): Promise<Error> {
  return loading.then(
    () => {
      throw new Error("it was loaded");
    },
    (failure) => failure as Error,
  );
}

export async function fetchBig(files = ["big.bin"], signal?: AbortSignal): Promise<HubRepository> {
  const hub = await HubRepository.open("owner/big", { signal });
  await hub.list();
  await hub.fetch(files);
  return hub;
}
