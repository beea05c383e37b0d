import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import type { Patch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { FIXTURES } from "../support/files";
import { expectedValues, relativeDifference } from "../support/parity";
import { CasePatches, type PatchCase, readPatchCases } from "../support/patchCases";

const TOLERANCE = 1e-5;

/** Every kind of patch on every kind of place against PyTorch with hooks and edited weights (make_patches.py). */
describe.each(["gpt2-tiny", "llama-tiny"])("%s", (name) => {
  const { cases, skip, target, parameters } = readPatchCases(name);
  const expected = expectedValues(`${name}.patches`);
  const inputs = { input_ids: expected.read("input_ids"), attention_mask: expected.read("attention_mask") };
  let model: CausalLM;
  let pg: PatchableGraph<CausalLM>;

  beforeAll(async () => {
    model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name));
    // at other sizes than those of the runs
    const example = Object.entries(inputs).map(([key, value]) => [key, value.at(":, 1:4")] as const);
    pg = await PatchableGraph.capture(model, Object.fromEntries(example));
  });

  const near = (actual: Tensor | null | undefined, key: string) =>
    expect(actual ? relativeDifference(actual, expected.read(key)) : null, key).toBeLessThanOrEqual(
      TOLERANCE,
    );

  /** A run inside all scopes, the outer ones first. */
  const run = ([scope, ...inner]: Record<string, Patch[]>[]): Promise<{ logits: Tensor }> =>
    scope === undefined ? pg.run(inputs) : pg.patch(scope, () => run(inner));

  async function compareGradients(patchCase: PatchCase, patches: CasePatches, logits: Tensor): Promise<void> {
    await logits.at("0, -1").log_softmax(-1).at(target).neg().backward();
    for (const key of patchCase.gradients ?? []) near(patches.values.get(key)?.grad ?? null, `${key}/grad`);
    for (const [key, probe] of patches.probes) near(probe.grad, `${key}/grad`);
    for (const [place, path] of Object.entries(parameters)) {
      const gradient = model.stateDict().get(path)?.grad ?? null;
      if (patchCase.parameters?.includes(place)) {
        near(gradient?.at(`..., ::${skip}`), `${patchCase.name}/${place}/grad`);
      } else expect(gradient, `gradient of ${place}`).toBe(null);
    }
  }

  async function check(patchCase: PatchCase): Promise<void> {
    const patches = new CasePatches(expected, patchCase);
    model.requires_grad_(patchCase.gradients !== undefined);
    for (const parameter of model.parameters()) parameter.grad = null;
    const { logits } = await run(patches.scopes);
    near(logits.at(`..., ::${skip}`), `${patchCase.name}/logits`);
    for (const [key, probe] of patches.probes) near(probe.activation, `${key}/activation`);
    for (const scope of patches.scopes) {
      for (const [node, list] of Object.entries(scope)) {
        for (const patch of list) expect(patch.fired, `${patch} at ${node}`).toBe(true);
      }
    }
    if (patchCase.gradients !== undefined) await compareGradients(patchCase, patches, logits);
  }

  test.each(cases)("$name", check);
});
