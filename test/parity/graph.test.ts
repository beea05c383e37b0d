import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import type { CausalLM, MaskedLM } from "../../native/lib/models";
import { AddPatch, type Patch, ProbePatch, ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { expectedValues, INPUTS, inputsOf, MODELS, relativeDifference } from "../support/parity";

/** The block and head that the fixtures' hooks change, and the token of their loss (make_models.py). */
const LAYER = 1;
const HEAD = 2;
const TARGET = 7;
const TOLERANCE = 1e-5;

describe.each(MODELS)("$name", (places) => {
  const { name, layers, hidden, headDim, load, block, pattern, act, mlp, mix, weight } = places;
  const expected = expectedValues(name);
  let model: CausalLM | MaskedLM;
  /** Captured with a mask and without: which arguments a model is given belongs to the graph. */
  let masked: PatchableGraph<CausalLM | MaskedLM>;
  let plain: PatchableGraph<CausalLM | MaskedLM>;
  const graphFor = (input: string) => (input === "plain" ? plain : masked);
  const patched = async (input: string, patches: Record<string, Patch | Patch[]>): Promise<Tensor> => {
    const pg = graphFor(input);
    return (await pg.patch(patches, () => pg.run(inputsOf(expected, input)))).logits;
  };

  beforeAll(async () => {
    model = await load(join(FIXTURES, name));
    masked = await PatchableGraph.capture(model, inputsOf(expected, "left"));
    plain = await PatchableGraph.capture(model, { input_ids: torch.tensor([[4, 5]]) });
  });

  describe.each(INPUTS)("input %s", (input) => {
    const close = (actual: Tensor, key: string) =>
      expect(relativeDifference(actual, expected.read(`${input}/${key}`))).toBeLessThanOrEqual(TOLERANCE);

    test("a run is bit-equal to the model, at other sizes than the captured ones too", async () => {
      const { logits } = await graphFor(input).run(inputsOf(expected, input));
      expect(torch.equal(logits, model.call(inputsOf(expected, input)).logits)).toBe(true);
      close(logits, "logits");
    });

    test("a capture of a single token serves it too", async () => {
      const inputs = inputsOf(expected, input);
      const one = Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => [key, value.at("0:1, -1:")]),
      );
      const pg = await PatchableGraph.capture(model, one);
      close((await pg.run(inputs)).logits, "logits");
    });

    test("hidden states, patterns and activations", async () => {
      const probes = new Map<string, [string, ProbePatch]>();
      for (let i = 0; i < layers; i++) {
        probes.set(`hidden/${i}`, [block(i), new ProbePatch()]);
        probes.set(`pattern/${i}`, [pattern(i), new ProbePatch()]);
        probes.set(`act/${i}`, [act(i), new ProbePatch()]);
      }
      await patched(input, Object.fromEntries(probes.values()));
      for (const [key, [node, probe]] of probes) {
        expect(probe.fired, node).toBe(true);
        close(probe.activation, key);
      }
    });

    test("zero of an MLP", async () => {
      close(await patched(input, { [mlp(LAYER)]: new ZeroPatch() }), "zero_mlp");
    });

    test("zero of an activation", async () => {
      close(await patched(input, { [act(LAYER)]: new ZeroPatch() }), "zero_act");
    });

    test("a vector added to the residual stream at one position", async () => {
      const patch = new AddPatch({ value: expected.read(`${input}/vector`), slice: "0, 3" });
      close(await patched(input, { [block(LAYER)]: patch }), "add_residual");
    });

    test("one head's part of the mix replaced", async () => {
      const slice = `:, :, ${HEAD * headDim}:${(HEAD + 1) * headDim}`;
      const patch = new ReplacePatch({ value: expected.read(`${input}/mix`), slice });
      close(await patched(input, { [mix(LAYER)]: patch }), "replace_head");
    });

    test("gradients by an added vector and by a weight", async () => {
      const delta = torch.zeros([hidden], { requires_grad: true });
      const parameter = model.stateDict().get(weight) as Tensor;
      parameter.requires_grad = true;
      try {
        const logits = await patched(input, {
          [block(LAYER)]: new AddPatch({ value: delta, slice: "0, 3" }),
        });
        const loss = torch.neg(logits.at("0, -1").log_softmax(-1).at(TARGET));
        await loss.backward();
        close(loss, "loss");
        close(delta.grad as Tensor, "grad_vector");
        close(parameter.grad as Tensor, "grad_weight");
      } finally {
        parameter.requires_grad = false;
        parameter.grad = null;
      }
    });
  });
});
