import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, UnknownNodeError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues } from "../support/parity";

const MODELS = [
  { name: "gpt2-tiny", block: (l: number) => `transformer.h_${l}` },
  { name: "llama-tiny", block: (l: number) => `model.layers_${l}` },
];
const KINDS = ["states", "mlp", "attention"] as const;

/** To 1e-5, and of numbers above 1 to that part: another processor rounds sums otherwise. */
function expectNear(value: number | undefined, wanted: number): void {
  expect(Math.abs((value ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(wanted)));
}

describe.each(MODELS)("$name", ({ name, block }) => {
  // PyTorch with hooks: test/fixtures/make/make_difference.py.
  const expected = expectedValues(`${name}.difference`);
  const clean = { input_ids: expected.read("clean") };
  const corrupted = { input_ids: expected.read("corrupted") };
  const zeroed = () => ({ [`${block(1)}.mlp`]: new ZeroPatch() });
  let pg: PatchableGraph<CausalLM>;

  beforeAll(async () => {
    pg = await PatchableGraph.capture(await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name)), clean);
  });

  test.each([
    { prefix: "texts", other: () => ({ inputs: corrupted }) },
    { prefix: "zeroed", other: () => ({ patches: zeroed() }) },
  ])("norms and relative changes are PyTorch's: $prefix", async ({ prefix, other }) => {
    const diff = await pg.diffRuns({ inputs: clean }, other());
    for (const kind of KINDS) {
      const grid = diff.grids[kind];
      const wanted = (key: string) => expected.read(`${prefix}/${kind}/${key}`).tolist() as number[];
      const nodes = grid?.nodes.map((node) => diff.of(node)) ?? [];
      expect(nodes).toHaveLength(wanted("norm").length);
      nodes.forEach((node, layer) => {
        expectNear(node?.norm, wanted("norm")[layer]);
        expectNear(node?.relative, wanted("relative")[layer]);
        expectNear(node?.maxChange, wanted("max")[layer]);
      });
      const tokens = expected.read(`${prefix}/${kind}/token`).tolist() as number[][];
      grid?.values.forEach((row, layer) => {
        row.forEach((value, token) => {
          expectNear(value, tokens[layer][token]);
        });
      });
    }
  });

  test("the first node that changed is where the runs part", async () => {
    const texts = await pg.diffRuns({ inputs: clean }, { inputs: corrupted });
    expect(texts.first?.operator).toBe("input");
    const patched = await pg.diffRuns({ inputs: clean }, { patches: zeroed() });
    expect(patched.first?.node).toBe(`${block(1)}.mlp.output`);
    // What comes before, and block 0, is as it was; positions before a changed token, too.
    expect(patched.of(`${block(0)}.output`)).toMatchObject({ norm: 0, relative: 0, maxChange: 0 });
    expect(texts.grids.states?.values.map((row) => row.slice(0, 2))).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(String(patched)).toContain(`first ${block(1)}.mlp.output`);
  });

  test("two runs of one text are equal, to the last bit; masks' infinities too", async () => {
    const diff = await pg.diffRuns({ inputs: clean }, {});
    expect(diff.changed).toEqual([]);
    expect(diff.first).toBeNull();
    expect(diff.nodes.length).toBeGreaterThan(100);
  });

  test("patches around the call are in force in both runs", async () => {
    const diff = await pg.patch(zeroed(), () => pg.diffRuns({ inputs: clean }, {}));
    expect(diff.changed).toEqual([]);
  });

  test("little memory changes nothing but the number of runs", async () => {
    const whole = await pg.diffRuns({ inputs: clean }, { inputs: corrupted });
    const parts = await pg.diffRuns({ inputs: clean }, { inputs: corrupted }, { memoryLimit: 20_000 });
    expect(parts.nodes.map(({ node }) => node)).toEqual(whole.nodes.map(({ node }) => node));
    // Kernels' last bits depend on where a value lies.
    parts.nodes.forEach(({ norm, relative }, i) => {
      expect(norm).toBeCloseTo(whole.nodes[i].norm, 4);
      expect(relative).toBeCloseTo(whole.nodes[i].relative, 5);
    });
  });

  test("values of a node are those of the two runs", async () => {
    const node = `${block(1)}.output`;
    const diff = await pg.diffRuns({ inputs: clean }, { patches: zeroed() });
    const { a, b, difference } = await diff.values(node);
    const wanted = await pg.run(clean, { outputs: [node] });
    const patched = await pg.patch(zeroed(), () => pg.run(clean, { outputs: [node] }));
    expect(torch.equal(a, wanted[node])).toBe(true);
    expect(torch.equal(b, patched[node])).toBe(true);
    expect(torch.equal(difference, b.sub(a))).toBe(true);
  });

  test("a tolerance leaves small changes out; nodes can be named", async () => {
    const node = `${block(1)}.output`;
    const diff = await pg.diffRuns(
      { inputs: clean },
      { patches: zeroed() },
      { nodes: [node], tolerance: 10 },
    );
    expect(diff.nodes.map((one) => one.node)).toEqual([node]);
    expect(diff.changed).toEqual([]);
  });

  test("texts of different lengths: values of one shape are compared, others named", async () => {
    const longer = { input_ids: torch.cat([clean.input_ids, clean.input_ids], 1) };
    const diff = await pg.diffRuns({ inputs: clean }, { inputs: longer });
    expect(diff.grids).toEqual({});
    expect(diff.incomparable.find(({ node }) => node === `${block(0)}.output`)).toMatchObject({
      a: [2, 6, expect.any(Number)],
      b: [2, 12, expect.any(Number)],
    });
    await expect(diff.values(`${block(0)}.output`)).rejects.toThrow(
      /is \[2, 6, \d+\] in one run and \[2, 12/,
    );
  });

  test("a NaN in one run is a change", async () => {
    const hidden = expectedWidth();
    const node = `${block(0)}.output`;
    const value = torch.full([hidden], Number.NaN);
    const diff = await pg.diffRuns(
      { inputs: clean },
      { patches: { [node]: new ReplacePatch({ value, slice: "0, 0" }) } },
    );
    expect(diff.first?.node).toBe(node);
    expect(diff.first?.relative).toBeNaN();
    expect(diff.top(1)[0].relative).toBeNaN();
  });

  test("what cannot be compared is refused before anything runs", async () => {
    await expect(pg.diffRuns({ inputs: clean }, { patches: { "no.such": new ZeroPatch() } })).rejects.toThrow(
      UnknownNodeError,
    );
    await expect(pg.diffRuns({ inputs: clean }, {}, { tolerance: -1 })).rejects.toThrow(ArgumentError);
  });

  function expectedWidth(): number {
    return pg.node(`${block(0)}.output`).shape?.[2] ?? 0;
  }
});
