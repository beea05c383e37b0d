import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { GraphpatchError } from "../../native/lib/errors";
import { AutoModelForCausalLM } from "../../native/lib/models";
import { torch } from "../../native/lib/torch";
import { copyCheckpoint } from "../support/checkpoints";
import { FIXTURES, ScratchFolder } from "../support/files";
import { MODELS, type ParityModel } from "../support/parity";

/** One model of each architecture, and those with every kind of rotary scaling. */
const FUZZED = MODELS.filter(({ name }) => !/untied|full$|sequential|post/.test(name));

/** What may stand in a field: numbers at every edge, other types, nothing, and much. */
const values: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    0,
    -1,
    1,
    2,
    3,
    0.5,
    -0.5,
    1e-300,
    1e300,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 53,
    65536,
    65535,
    4096,
  ),
  fc.constantFrom(
    "",
    "0",
    "eager",
    "relu",
    "gelu",
    "full_attention",
    "linear",
    "yarn",
    "\u0000",
    "../../etc",
  ),
  fc.constantFrom(null, true, false, [], {}, [[]], [null], [1], { rope_type: "linear" }),
  fc.integer({ min: -10, max: 100 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.jsonValue(),
);

const RUNS = Number(process.env.FUZZ_RUNS ?? 60);

type Json = { [key: string]: unknown };

/** Changes one field, in the configuration or in an object inside it. */
function changed(config: Json, [place, value, isGone]: [number, unknown, boolean]): Json {
  const keys = [...Object.keys(config), "rope_scaling", "head_dim", "layer_types", "rope_theta"];
  const key = keys[place % keys.length];
  const inner = config[key];
  if (typeof inner === "object" && inner !== null && !Array.isArray(inner) && place % 3 > 0) {
    return { ...config, [key]: changed(inner as Json, [Math.floor(place / keys.length), value, isGone]) };
  }
  const { [key]: _, ...others } = config;
  return isGone ? others : { ...others, [key]: value };
}

const changes = fc.array(fc.tuple(fc.nat(10_000), values, fc.boolean()), {
  minLength: 1,
  maxLength: 3,
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Loads and runs a model; gives the error, which must be one that says what is wrong. */
async function attempt(load: ParityModel["load"], path: string, what: string): Promise<void> {
  const before = torch.memory().bytes;
  const start = performance.now();
  try {
    const loaded = await load(path);
    loaded.call({ input_ids: torch.tensor([[3, 4, 5]]) });
  } catch (error) {
    expect(error, `${what}: ${(error as Error).stack}`).toBeInstanceOf(GraphpatchError);
    expect((error as Error).message.length, what).toBeLessThan(2000);
  }
  expect(performance.now() - start, what).toBeLessThan(30_000);
  expect(torch.memory().bytes - before, what).toBeLessThan(100e6);
}

describe.each(["gpt2-tiny", "llama3", "qwen2", "gemma3", "phi3"])("%s.gguf", (name) => {
  test("whatever its header says, it loads or says what is wrong", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    using scratch = new ScratchFolder();
    const original = readFileSync(join(FIXTURES, "gguf", `${name}.gguf`));
    const change = fc.tuple(fc.nat(3000), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (list) => {
        const bytes = Buffer.from(original);
        for (const [at, to] of list) bytes[at] = to;
        const load = (path: string) => AutoModelForCausalLM.fromPretrained(path);
        await attempt(load, scratch.write("changed.gguf", bytes), JSON.stringify(list));
      }),
      { numRuns: RUNS },
    );
  });
});

describe.each(FUZZED)("$name", (model) => {
  const original: Json = JSON.parse(readFileSync(join(FIXTURES, model.name, "config.json"), "utf8"));

  test("whatever its configuration says, it loads or says what is wrong", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    using scratch = new ScratchFolder();
    copyCheckpoint(join(FIXTURES, model.name), scratch.path, (name) => [name]);
    const path = join(scratch.path, "config.json");
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const config = list.reduce(changed, original);
        writeFileSync(path, JSON.stringify(config));
        await attempt(model.load, scratch.path, JSON.stringify(config));
      }),
      { numRuns: RUNS },
    );
  });
});
