import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  AddPatch,
  AutoModelForCausalLM,
  type CausalLM,
  optim,
  PatchableGraph,
  ProbePatch,
  torch,
  ZeroPatch,
} from "../../native/lib";
import { FIXTURES } from "../support/files";
import { expectedValues, maxDifference } from "../support/parity";

// The example of docs and README, line by line, on a GPT-2 with 18 layers; PyTorch did the same with hooks.
const TARGET = 7;
const expected = expectedValues("gpt2-18-layers");
const inputs = { input_ids: expected.read("input_ids") };
let model: CausalLM;
let pg: PatchableGraph<CausalLM>;

beforeAll(async () => {
  model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, "gpt2-18-layers"));
  pg = await PatchableGraph.capture(model, inputs);
});

test("the model's own prediction", async () => {
  const { logits } = await pg.run(inputs);
  expect(torch.equal(logits, model.call(inputs).logits)).toBe(true);
  expect(maxDifference(logits, expected.read("logits"))).toBeLessThanOrEqual(1e-5);
});

test("GELU's result is the node mul_3, with its line of code", () => {
  const node = pg.node("transformer.h_17.mlp.act.mul_3");
  expect(node).toMatchObject({ operator: "aten::mul.Tensor", shape: [1, 9, 64], dtype: "float32" });
  expect(node.code).toContain(".mul(torch.tanh(");
  expect(pg.node("transformer.h.17.mlp.act.mul_3")).toBe(node);
});

test("probe, then zero an activation", async () => {
  const probe = new ProbePatch();
  const { logits } = await pg.patch({ "transformer.h_17.mlp.act.mul_3": [probe, new ZeroPatch()] }, () =>
    pg.run(inputs),
  );
  expect(maxDifference(logits, expected.read("zero_act"))).toBeLessThanOrEqual(1e-5);
  const { "transformer.h_17.mlp.act": act } = await pg.run(inputs, { outputs: ["transformer.h_17.mlp.act"] });
  expect(torch.equal(probe.activation, act)).toBe(true);
});

test("optimise a vector added to a block", async () => {
  const delta = torch.zeros([16], { requires_grad: true });
  const adam = new optim.Adam([delta], { lr: 0.5 });
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) {
    const { logits } = await pg.patch(
      { "transformer.h_5": new AddPatch({ value: delta, slice: "0, 3" }) },
      () => pg.run(inputs),
    );
    const loss = torch.neg(logits.at("0, -1").log_softmax(-1).at(TARGET));
    adam.zeroGrad();
    await loss.backward();
    adam.step();
    losses.push(Number(loss.item()));
  }
  expect(maxDifference(torch.tensor(losses), expected.read("losses"))).toBeLessThanOrEqual(1e-4);
  expect(maxDifference(delta.detach(), expected.read("delta"))).toBeLessThanOrEqual(1e-3);
});
