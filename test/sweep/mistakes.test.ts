import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ArgumentError, PatchError, UnknownNodeError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { AddPatch, ProbePatch, ZeroPatch } from "../../native/lib/patches";
import {
  klDivergence,
  logitDifference,
  logProbability,
  type Metric,
  probability,
  type SweepOptions,
} from "../../native/lib/sweep";
import type { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { MODELS } from "../support/parity";

const inputs = { input_ids: torch.tensor([[5, 17, 3, 42, 8]], { dtype: "int64" }) };
const other = { input_ids: torch.tensor([[5, 9, 3, 42, 8]], { dtype: "int64" }) };
const [{ name, block }] = MODELS;
const metric = logProbability({ token: 9 });
const zero = (layer: number, slice = ":, 2") => ({ [block(layer)]: new ZeroPatch({ slice }) });
let pg: PatchableGraph<CausalLM>;

beforeAll(async () => {
  pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name)), inputs);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const sweep = (change: object) => pg.sweep({ inputs, cells: [zero(1)], metric, ...change } as SweepOptions);

describe("metrics", () => {
  const notToken = [undefined, Number.NaN, 1.5, " Paris", [1, "a"], []] as unknown as number[];

  test.each(notToken)("a token that is %j is refused where it is given", (token) => {
    expect(() => logProbability({ token })).toThrow(/token must be the id of a token/);
    expect(() => probability({ token })).toThrow(ArgumentError);
    expect(() => logitDifference({ correct: 1, wrong: token })).toThrow(/wrong must be the id/);
  });

  test.each<[string, Partial<SweepOptions>, RegExp]>([
    ["no outputs", { metric: () => 1, outputs: [] }, /outputs is empty/],
    ["no positions", { metric: () => 1, positions: [] }, /positions is empty/],
    [
      "several numbers",
      { metric: ({ logits }) => logits.at("0, -1") },
      /must return a number, or a tensor with/,
    ],
    [
      "complex numbers",
      { metric: ({ logits }) => torch.complex(logits.at("0, -1, 1"), logits.at("0, -1, 2")) },
      /complex numbers/,
    ],
    [
      "another count than there are texts",
      { metric: { label: "mine", stacks: true, measure: () => [1, 2, 3] } as Metric },
      /mine: measure\(\) must give 1 numbers for a cell of 1 text.*gave 3/,
    ],
    [
      "no numbers",
      { metric: { label: "mine", stacks: false, measure: () => ["a"] } as unknown as Metric },
      /must give/,
    ],
  ])("of %s are refused", async (_, change, message) => {
    await expect(sweep(change)).rejects.toThrow(message);
  });

  test("of several cells at once must be as many as there are cells", async () => {
    const stacking: Metric = {
      label: "first row",
      stacks: true,
      measure: ({ outputs }) => [Number(outputs[0].at("0, -1, 3").item())],
    };
    await expect(sweep({ metric: stacking, cells: [zero(0), zero(1)] })).rejects.toThrow(
      /2 numbers for 2 cells/,
    );
  });

  test("that are no number are told", async () => {
    const cells = [zero(1), { [block(1)]: new AddPatch({ value: Number.NaN }) }];
    const result = await sweep({ cells });
    expect(result.samples[1]).toEqual([Number.NaN]);
    expect(String(result)).toContain("1 of them measure NaN");
    expect(result.toTable()[1]).toMatchObject({ value: Number.NaN, n: 1 });
  });
});

describe("patches that change nothing", () => {
  test("on a node that the metric does not depend on, with a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const early = {
      metric: ({ [block(0)]: state }: Record<string, Tensor>) => state.sum(),
      outputs: [block(0)],
    };
    const result = await sweep({ ...early, cells: [zero(2), zero(2, ":, 1"), zero(0)] });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/h_2\.output changes nothing in 2 of 3 cells: .*does not depend on that node/),
    );
    expect(result.unchanged).toBe(2);
    expect(String(result)).toContain("2 of them as the base, to the last bit");
    // A probe asks for its node; it changes nothing anywhere.
    await sweep({ ...early, cells: [{ [block(2)]: new ProbePatch() }, zero(0)] });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test("in any of the cells, with a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    // Position 1 sees none of those that are patched.
    const measured = logProbability({ token: 9, position: 1 });
    const result = await sweep({ metric: measured, cells: [zero(0), zero(1)] });
    expect(result.unchanged).toBe(2);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/none of the 2 cells changes/));
    await sweep({ metric: measured, cells: [zero(0, ":, 0"), zero(1)] });
    await sweep({ cells: [{}, {}] });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test.each([new Map([[block(1), new ZeroPatch()]]), new ZeroPatch(), [new ZeroPatch()], "x"])(
    "as they are not given by node: %s",
    async (patches) => {
      expect(() => pg.patch(patches as never, () => 1)).toThrow(PatchError);
      if (typeof patches === "object" && !Array.isArray(patches))
        await expect(sweep({ cells: [patches] })).rejects.toThrow(/given by node/);
    },
  );
});

describe("options", () => {
  test.each<[object, RegExp]>([
    [{ axes: ["value"] }, /each needs a name of its own that is none of value/],
    [{ axes: ["a", "a"], cells: [[zero(1)]] }, /each needs a name of its own/],
    [{ memoryLimit: Number.NaN }, /memoryLimit must be a number of bytes above 0/],
    [{ memoryLimit: -1 }, /memoryLimit/],
    [{ levels: { grups: false } }, /a level must be .*it is "grups"/],
    [{ cells: [{ "transformer.h_9": new ZeroPatch() }] }, /no node "transformer.h_9"/],
    [{ cells: [zero(1, ":, 7")] }, /index 7 is out of bounds/],
  ])("%j is refused", async (change, message) => {
    await expect(sweep(change)).rejects.toThrow(message);
  });

  test("resume: what measured something else is refused", async () => {
    const first = await sweep({});
    await expect(sweep({ resume: first, metric: probability({ token: 3 }) })).rejects.toThrow(
      /measured log-probability, this one probability/,
    );
    for (const change of [{ inputs: other }, { metric: logProbability({ token: 2 }) }, { base: zero(0) }]) {
      await expect(sweep({ resume: first, ...change })).rejects.toThrow(/it had other inputs/);
    }
    expect((await sweep({ resume: first })).samples).toEqual(first.samples);
  });
});

describe("causal traces, the lens and attribution", () => {
  test.each<[object, RegExp]>([
    [{ subject: undefined }, /subject: give its words/],
    [{ noise: Number.NaN }, /noise must be a finite number/],
    [{ noise: "s3" }, /noise must be a finite number/],
    [{ window: 0 }, /window must be a positive integer, it is 0/],
    [{ window: 2.5 }, /window must be/],
    [{ samples: 0 }, /samples must be a positive integer/],
    [{ kinds: [] }, /kinds is empty/],
    [{ kinds: ["mlps"] }, /a kind must be "states" or "mlp" or "attention", it is "mlps"/],
    [{ metric: "logit" }, /metric must be "probability"/],
    [{ seed: 0.5 }, /seed must be an integer/],
    [{ nodes: { states: [block(0)], mlp: [], attention: [] } }, /0 nodes in mlp, 1 in states/],
  ])("a trace with %j is refused", async (change, message) => {
    await expect(pg.causalTrace({ inputs, subject: [1, 2], ...change } as never)).rejects.toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ k: 0 }, /k must be a positive integer/],
    [{ positions: [] }, /positions is empty/],
    [{ positions: [0.5] }, /a position must be an integer/],
    [{ target: 1.5 }, /target must be an integer/],
    [{ states: [] }, /states is empty/],
  ])("a lens with %j is refused", async (options, message) => {
    await expect(pg.logitLens(inputs, options)).rejects.toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ by: ["tokens"] }, /a dimension in by must be/],
    [{ by: ["token", "token"] }, /by names a dimension twice/],
    [{ by: "token" }, /by must be a list/],
    [{ nodes: [] }, /nodes is empty/],
    [{ check: -1 }, /check must be 0 or a positive integer/],
    [{ check: 1.5 }, /check must be/],
  ])("attribution with %j is refused", async (change, message) => {
    const request = { clean: inputs, corrupted: other, metric: klDivergence(), ...change };
    await expect(pg.attributionPatch(request as never)).rejects.toThrow(message);
  });

  test("a name that is close to nothing suggests no empty one", async () => {
    const failure = await pg.logitLens(inputs, { states: ["x"] }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnknownNodeError);
    expect(String(failure)).not.toContain('""');
  });
});
