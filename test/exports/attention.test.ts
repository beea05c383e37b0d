import { beforeAll, expect, it } from "vitest";
import { attentionDifference, ProbePatch, type Tensor, torch, ZeroPatch } from "../../native/lib";
import { examplesOf, floatLeaves, loadCase } from "./cases";

beforeAll(() => {
  torch.setNumThreads(1);
});

it("fused attention is a node, and visible operators on request, as close as it says", async () => {
  const fused = await loadCase("attention");
  const expanded = await loadCase("attention", { expandAttention: true });
  const operators = (graph: typeof fused) => [...graph.nodes.values()].map(({ operator }) => operator);
  expect(operators(fused).filter((name) => name === "aten::scaled_dot_product_attention").length).toBe(4);
  expect(operators(fused)).not.toContain("aten::softmax.int");
  for (const { inputs, results } of examplesOf("attention")) {
    const [result] = floatLeaves(await expanded.run(inputs));
    expect(torch.allclose(result, results[0], { rtol: 1e-5, atol: 1e-5 })).toBe(true);
    const differences = await attentionDifference(expanded, inputs);
    expect(Object.keys(differences)).toEqual(
      ["layer.self_attn.", "", "", ""].map(
        (module, i) => `${module}scaled_dot_product_attention${["", "", "_1", "_2"][i]}`,
      ),
    );
    for (const difference of Object.values(differences)) expect(difference).toBeLessThan(1e-5);
    expect(await attentionDifference(fused, inputs)).toEqual({});
  }
});

it("the pattern can be looked at and patched, and the result under the fused operator's name, too", async () => {
  const graph = await loadCase("attention", { expandAttention: true });
  const [{ inputs }] = examplesOf("attention");
  const pattern = new ProbePatch();
  const plain = (await graph.patch({ softmax_1: pattern }, () => graph.run(inputs))) as unknown as Tensor;
  const [, , rows, columns] = pattern.activation.shape;
  expect(rows).toBe(columns);
  expect(torch.allclose(pattern.activation.sum(-1), torch.ones([1]))).toBe(true);
  expect(pattern.activation.at("0, 0, 0, 1:").abs().sum().item()).toBe(0);
  for (const node of ["softmax_1", "scaled_dot_product_attention_1"]) {
    const patched = (await graph.patch({ [node]: new ZeroPatch() }, () =>
      graph.run(inputs),
    )) as unknown as Tensor;
    expect(torch.equal(plain, patched)).toBe(false);
  }
});
