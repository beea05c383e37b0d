import { beforeAll, describe, expect, it } from "vitest";
import {
  type PatchableGraph,
  ProbePatch,
  ReplacePatch,
  type Tensor,
  torch,
  ZeroPatch,
} from "../../native/lib";
import {
  caseNames,
  examplesOf,
  fingerprint,
  floatLeaves,
  largestDifference,
  loadCase,
  lossOf,
  replacementLike,
} from "./cases";

const TOLERANCE = 1e-5;

/** What an archive does not hold: results that nothing uses, and modules inside of branches and loops. */
const MISSING: Record<string, RegExp> = {
  mixtral: /\.mlp\.gate\.output\|sub_0$/,
  phimoe: /\.mlp\.router\.output\|sub_0$/,
  odd: /^better\.output\|sub_0$/,
  lists: /^first\.output\|sub_0$/,
  unpacked: /^router\.output\|sub_0$/,
  // It returns what it is given.
  given: /^(?:mask\.output|scaler\.output\|sub_0)$/,
  "given-signatures": /^mask\.output$/,
  // Decompositions have taken out what nothing uses.
  "odd-decomposed": /^(?:better\.output\|sub_0|unused\.(?:inner\.)?output)$/,
  resnet: /^resnet\.output\|last_hidden_state$/,
  branches: /^[ab]\.output$/,
  // Decompositions have taken out the dropout that does nothing.
  "internals-decomposed": /^drop\.output$/,
  loops: /^(?:row|cell|turn)_\d\.output$/,
};

beforeAll(() => {
  // Tensors this small gain nothing from threads, and lose much where another test runs beside this one.
  torch.setNumThreads(1);
  // The operator that only Python has.
  torch.library.register("mylib::twist", (x: Tensor, k: number) => torch.roll(x, [k], [-1]).mul(2));
});

/** Compares with a row of the recorder's fingerprints, relative to the values' size. */
function expectFingerprint(actual: Tensor, expected: number[], what: string): void {
  const scale = Math.max(1, ...expected.slice(1).map(Math.abs));
  expect(largestDifference(fingerprint(actual), expected) / scale, what).toBeLessThanOrEqual(TOLERANCE);
}

function expectResult(result: unknown, expected: Tensor[], what: string): void {
  const leaves = floatLeaves(result);
  expect(leaves.length, what).toBe(expected.length);
  leaves.forEach((leaf, i) => {
    expect(leaf.shape, what).toEqual(expected[i].shape);
    expect(leaf.dtype, what).toBe(expected[i].dtype);
    const scale = Math.max(1, expected[i].abs().max().item() as number);
    const difference = leaf.detach().cpu().sub(expected[i]).abs().max().item() as number;
    expect(difference / scale, what).toBeLessThanOrEqual(TOLERANCE);
  });
}

/**
 * The node of an output. Where a caller's line does not tell that a module returns a container, an archive shows the one
 * value that is used as its output.
 */
function placeOf(graph: PatchableGraph, name: string): string | null {
  if (graph.nodes.has(name)) return name;
  const [whole, part] = name.split("|");
  return graph.nodes.has(whole) && part !== "sub_1" ? whole : null;
}

describe.each(caseNames())("%s", (name) => {
  it("computes what PyTorch computes, in every module, patched and differentiated", async () => {
    const graph = await loadCase(name);
    const missingHere = MISSING[name.replace(/-torch\d+$/, "")];
    for (const [i, example] of examplesOf(name).entries()) {
      const { inputs, names } = example;
      expectResult(await graph.run(inputs), example.results, `example ${i}`);
      const nodes = names.map((call) => (missingHere?.test(call) ? null : placeOf(graph, call)));
      const missing = names.filter((call, k) => nodes[k] === null && !missingHere?.test(call));
      expect(missing, "module outputs without a node").toEqual([]);
      const kept = nodes.flatMap((node, k) => (node === null ? [] : [k]));
      const places = nodes.filter((node) => node !== null);

      const probes = places.map(() => new ProbePatch({ grad: true }));
      const result = await graph.patch(Object.fromEntries(places.map((node, k) => [node, probes[k]])), () =>
        graph.run(inputs),
      );
      if (places.length > 0) await lossOf(result).backward();
      for (const [place, node] of places.entries()) {
        const k = kept[place];
        const probe = probes[place];
        const row = (table: Tensor | null) => (table as Tensor).at(k).tolist() as number[];
        const rows = (table: Tensor | null) => (table as Tensor).at(k).tolist() as number[][];
        const { activation } = probe;
        expectFingerprint(activation, row(example.outputs), `${node}, example ${i}`);
        const gradient = probe.grad ?? torch.zeros(activation.shape);
        const expected = row(example.gradients);
        // Where PyTorch's depends on what was written to the value's memory later.
        if (!Number.isNaN(expected[1]))
          expectFingerprint(gradient, expected, `gradient of ${node}, example ${i}`);
        const patches = {
          zeroed: new ZeroPatch(),
          replaced: new ReplacePatch({ value: replacementLike(activation.shape, activation.dtype) }),
        };
        for (const kind of ["zeroed", "replaced"] as const) {
          const patched = await torch.noGrad(() =>
            graph.patch({ [node]: patches[kind] }, () => graph.run(inputs)),
          );
          floatLeaves(patched).forEach((leaf, r) => {
            expectFingerprint(leaf, rows(example[kind])[r], `${node} ${kind}, result ${r}, example ${i}`);
          });
        }
      }
    }
  });
});
