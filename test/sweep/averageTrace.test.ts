import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { ArgumentError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { Progress } from "../../native/lib/progress";
import type { CausalTrace } from "../../native/lib/sweep";
import { tokensByRole } from "../../native/lib/sweep/averageTrace";
import { subjectTokens } from "../../native/lib/sweep/subject";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { MODELS } from "../support/parity";

const [{ name, layers }] = MODELS;
const textOf = (ids: number[]) => ({ input_ids: torch.tensor([ids], { dtype: "int64" }) });
const PROMPTS = [
  { inputs: textOf([5, 17, 3, 42, 8, 21, 30]), subject: [1, 5], target: 9 },
  { inputs: textOf([6, 2, 9, 13]), subject: [0, 1], target: 4 },
  { inputs: textOf([7, 7, 40, 12, 33]), subject: [2, 4] },
] as const;
const options = { samples: 2, window: 2, kinds: ["states", "mlp"], seed: 5 } as const;
let pg: PatchableGraph<CausalLM>;

beforeAll(async () => {
  pg = await PatchableGraph.capture(
    await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name)),
    PROMPTS[0].inputs,
  );
});

describe("tokens are aligned as in ROME", () => {
  // experiments/causal_trace.py and notebooks/average_causal_effects.ipynb of ROME: rows first_e, first_e + 1 : last_e, last_e,
  // first_a, first_a + 1 : last_a, last_a.
  test.each([
    { subject: [1, 5], length: 9, roles: [[1], [2, 3], [4], [5], [6, 7], [8]] },
    { subject: [0, 2], length: 6, roles: [[0], [], [1], [2], [3, 4], [5]] },
    { subject: [3, 4], length: 5, roles: [[3], [], [3], [4], [], [4]] },
    { subject: [2, 4], length: 4, roles: [[2], [], [3], [], [], [3]] },
  ] as const)("$subject of $length", ({ subject, length, roles }) => {
    expect(tokensByRole(subject, length)).toEqual(roles);
  });

  test("a subject given as words is found among the tokens", () => {
    const tokens = ["The", " E", "iffel", " Tower", " is", " located"];
    expect(subjectTokens("The Eiffel Tower", tokens, 6)).toEqual([0, 4]);
    expect(subjectTokens("Eiffel Tower", tokens, 6)).toEqual([1, 4]);
    // A token that holds a part of it counts.
    expect(subjectTokens("Tow", tokens, 6)).toEqual([3, 4]);
    expect(subjectTokens(" is", tokens, 6)).toEqual([4, 5]);
    expect(() => subjectTokens("Louvre", tokens, 6)).toThrow(
      /"Louvre" is not in "The Eiffel Tower is located"/,
    );
    expect(() => subjectTokens("Louvre", null, 6)).toThrow(/is not known/);
    expect(() => subjectTokens([4, 9], tokens, 6)).toThrow(ArgumentError);
  });
});

describe("a trace over prompts", () => {
  test("is the mean of its traces, role by role", async () => {
    const seen: CausalTrace[] = [];
    const average = await pg.causalTrace({
      prompts: PROMPTS,
      ...options,
      onPrompt: (trace) => seen.push(trace),
    });
    expect(seen).toHaveLength(3);
    const singles: CausalTrace[] = [];
    for (const [i, prompt] of PROMPTS.entries()) {
      singles.push(await pg.causalTrace({ ...prompt, ...options, seed: 5 + i }));
    }
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    expect(average.clean).toBeCloseTo(mean(singles.map(({ clean }) => clean)), 9);
    expect(average.corrupted.n).toBe(3);
    expect(average.corrupted.mean).toBeCloseTo(mean(singles.map(({ corrupted }) => corrupted.mean)), 9);
    for (const kind of ["states", "mlp"] as const) {
      const grid = average.grids[kind];
      expect(grid?.shape).toEqual([layers, 6]);
      const value = (i: number, layer: number, token: number) =>
        Number(singles[i].grids[kind]?.values.at([layer, token]).item());
      // Layer 1: the last subject tokens are 4, 0 and 3; only the first text has middle ones (2 and 3).
      expect(grid?.samples[6 + 2].map((one) => one.toFixed(9))).toEqual(
        [value(0, 1, 4), value(1, 1, 0), value(2, 1, 3)].map((one) => one.toFixed(9)),
      );
      expect(grid?.samples[6 + 1]).toHaveLength(1);
      expect(grid?.samples[6 + 1][0]).toBeCloseTo(mean([value(0, 1, 2), value(0, 1, 3)]), 9);
    }
    expect(average.grids.attention).toBeUndefined();
    expect(String(average)).toMatch(/^causal traces of 3 texts: clean /);
  });

  test("tells effects with intervals, n and adjusted p-values", async () => {
    const average = await pg.causalTrace({ prompts: PROMPTS, ...options });
    const rows = average.effects({ seed: 1 });
    expect(rows).toHaveLength(2 * layers * 6);
    const row = rows.find(
      ({ restored, layer, token }) =>
        restored === "states" && layer === "1" && token === "last subject token",
    );
    const effects = average.grids.states?.samples[8].map(
      (value, i) => value - average.traces[i].corrupted.mean,
    );
    expect(row?.n).toBe(3);
    expect(row?.effect).toBeCloseTo((effects ?? []).reduce((a, b) => a + b) / 3, 12);
    expect(row?.low).toBeGreaterThanOrEqual(Math.min(...(effects ?? [])) - 1e-12);
    expect(row?.high).toBeLessThanOrEqual(Math.max(...(effects ?? [])) + 1e-12);
    // With three texts no p-value is below 1/4, and none survives the number of cells.
    for (const { pValue, adjusted, n, token } of rows) {
      expect(pValue).toBeGreaterThanOrEqual(2 / 2 ** n);
      expect(adjusted).toBe(1);
      expect(n).toBe(token === "middle subject tokens" || token === "further tokens" ? 1 : 3);
    }
  });

  test("a target that is not given is the model's first choice", async () => {
    const [, , { inputs, subject }] = PROMPTS;
    const trace = await pg.causalTrace({ inputs, subject, ...options, kinds: ["states"] });
    const { logits } = await pg.run(inputs);
    expect(trace.target).toBe(Number(logits.at("0, -1").argmax().item()));
    expect(trace.subject).toEqual([2, 4]);
    const table = trace.toTable();
    expect(table).toHaveLength(layers * 5);
    expect(table[7]).toMatchObject({ restored: "states", layer: "1", token: "2", n: 2 });
    expect(String(trace)).toContain(`causal trace of token ${trace.target}`);
  });

  test("tells how many cells there will be, and then how many are done; over prompts, texts", async () => {
    const update = vi.spyOn(Progress.prototype, "update");
    const [, , { inputs, subject }] = PROMPTS;
    await pg.causalTrace({ inputs, subject, ...options });
    const cells = 2 * layers * 5;
    expect(update.mock.calls[0]).toEqual([0, cells]);
    expect(update.mock.lastCall?.[0]).toBe(cells);
    update.mockClear();
    await pg.causalTrace({ prompts: PROMPTS, ...options });
    expect(update.mock.calls.map(([done]) => done)).toEqual([1, 2, 3]);
    update.mockRestore();
  });

  test("names the token where the inputs know it", async () => {
    const [, , { inputs, subject }] = PROMPTS;
    const texts = { tokens: () => ["a", "b", "c", "d", "e"], tokenOf: (id: number) => ` t${id}` };
    const known: typeof inputs = Object.assign(Object.create(texts), inputs);
    const trace = await pg.causalTrace({ inputs: known, subject, target: 9, ...options, kinds: ["states"] });
    expect(trace.answer).toBe(" t9");
    expect(String(trace)).toContain('causal trace of token 9 (" t9")');
  });

  test("of some layers has those rows of the whole one", async () => {
    const whole = await pg.causalTrace({ ...PROMPTS[0], ...options });
    const some = await pg.causalTrace({ ...PROMPTS[0], ...options, layers: [2, 0] });
    expect(some.grids.mlp?.axes[0].labels).toEqual(["2", "0"]);
    const wanted = whole.grids.mlp?.values.at([[2, 0]]);
    expect(wanted && some.grids.mlp && torch.allclose(some.grids.mlp.values, wanted, 1e-4, 1e-9)).toBe(true);
    await expect(pg.causalTrace({ ...PROMPTS[0], ...options, layers: [3] })).rejects.toThrow(
      /there is no layer 3 of 3/,
    );
  });

  test("without prompts is refused", async () => {
    await expect(pg.causalTrace({ prompts: [], ...options })).rejects.toThrow(/prompts is empty/);
  });
});
