import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { UnknownNodeError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModel, AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { AddPatch, ZeroPatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { DECODERS, expectedValues, inputsOf, maxDifference } from "../support/parity";

/** The block that the fixtures have the places of (recording.py). */
const LAYER = 1;
const PREFIX = "left/lens/";
const ofLayer = (name: string) => !name.startsWith("blocks.") || name.startsWith(`blocks.${LAYER}.`);

/** Masked scores are the lowest numbers, between which differences mean nothing. */
function withoutMasked(scores: Tensor): Tensor {
  return torch.where(scores.lt(-1e30), torch.full([], -1e30), scores);
}

describe.each(DECODERS)("$name", ({ name, layers, block, mlp }) => {
  const expected = expectedValues(name);
  const inputs = inputsOf(expected, "left");
  const lens = expected.names().filter((key) => key.startsWith(PREFIX));
  const names = lens.map((key) => key.slice(PREFIX.length));
  let pg: PatchableGraph<CausalLM>;
  beforeAll(async () => {
    const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name));
    pg = await PatchableGraph.capture(model, inputs);
  });

  test("aliases are those that TransformerLens has for the architecture, in every block", () => {
    const aliases = [...pg.aliases.keys()];
    expect(aliases.filter(ofLayer).sort()).toEqual([...names].sort());
    const inBlocks = names.filter((alias) => alias.startsWith("blocks."));
    expect(aliases).toHaveLength(names.length + (layers - 1) * inBlocks.length);
    for (const [alias, node] of pg.aliases) expect(pg.node(alias).name, alias).toBe(node);
  });

  test("each alias is the value that it means", async () => {
    const outputs = await pg.run(inputs, { outputs: names });
    for (const alias of names) {
      const [ours, theirs] = [outputs[alias], expected.read(`${PREFIX}${alias}`)].map(withoutMasked);
      expect(maxDifference(ours, theirs), alias).toBeLessThanOrEqual(1e-5);
    }
  });

  test("a patch by an alias is a patch of its node", async () => {
    const patched = async (node: string) =>
      (await pg.patch({ [node]: new ZeroPatch() }, () => pg.run(inputs))).logits;
    const { logits } = await pg.run(inputs);
    for (const alias of names) {
      const before = pg.aliases.get(alias) ?? "";
      expect(torch.equal(await patched(alias), await patched(before)), alias).toBe(true);
      expect(maxDifference(await patched(alias), logits), alias).toBeGreaterThan(1e-4);
    }
    const zero = await patched(`blocks.${LAYER}.hook_mlp_out`);
    if (!name.startsWith("gemma2") && !name.startsWith("gemma3")) {
      expect(torch.equal(zero, await patched(mlp(LAYER)))).toBe(true);
    }
    const vector = expected.read("left/vector");
    if (pg.aliases.get(`blocks.${LAYER}.hook_resid_post`) === `${block(LAYER)}.output`) {
      const add = new AddPatch({ value: vector, slice: "0, 3" });
      const { logits: moved } = await pg.patch({ [`blocks.${LAYER}.hook_resid_post`]: add }, () =>
        pg.run(inputs),
      );
      expect(maxDifference(moved, expected.read("left/add_residual"))).toBeLessThanOrEqual(1e-5);
    }
  });

  test("the same without the head, and in half precision", async () => {
    const body = await AutoModel.fromPretrained(join(FIXTURES, name));
    const bodyGraph = await PatchableGraph.capture(body, inputs);
    expect([...bodyGraph.aliases.keys()]).toEqual([...pg.aliases.keys()]);
    const outputs = await bodyGraph.run(inputs, { outputs: names });
    for (const alias of names) {
      const [ours, theirs] = [outputs[alias], expected.read(`${PREFIX}${alias}`)].map(withoutMasked);
      expect(maxDifference(ours, theirs), alias).toBeLessThanOrEqual(1e-5);
    }
    const half = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name), { dtype: "bfloat16" });
    const halfGraph = await PatchableGraph.capture(half, inputs);
    expect([...halfGraph.aliases.keys()]).toEqual([...pg.aliases.keys()]);
    expect(halfGraph.node(`blocks.${LAYER}.attn.hook_pattern`).dtype).toBe("bfloat16");
  });
});

describe("a name that the model has no place for", () => {
  const capture = async (name: string) => {
    const model = await AutoModelForCausalLM.fromPretrained(join(FIXTURES, name));
    return PatchableGraph.capture(model, { input_ids: torch.tensor([[1, 2, 3]]) });
  };
  const failure = (body: () => unknown): Error => {
    try {
      body();
    } catch (error) {
      return error as Error;
    }
    throw new Error("nothing was thrown");
  };

  test("is refused with what there is beside it", async () => {
    const pg = await capture("gpt-neox-tiny");
    const error = failure(() => pg.node("blocks.0.hook_resid_mid"));
    expect(error).toBeInstanceOf(UnknownNodeError);
    expect(error.message).toMatch(
      /"blocks\.0\.hook_resid_mid" is no node and no alias: this model has no place/,
    );
    expect(error.message).toContain('"blocks.0.hook_resid_pre"');
    expect(failure(() => pg.patch({ "blocks.0.attn.hook_result": new ZeroPatch() })).message).toMatch(
      /no place of that name.*"blocks\.0\.attn\.hook_z"/,
    );
    expect(failure(() => pg.node("hook_pos_embed")).message).toContain('"hook_embed"');
  });

  test("as a misspelt one is, with the closest", async () => {
    const pg = await capture("llama-tiny");
    expect(failure(() => pg.node("blocks.0.hook_resid_pst")).message).toContain(
      'Did you mean "blocks.0.hook_resid_post"',
    );
    expect(failure(() => pg.node("blocks.7.hook_resid_post")).message).toMatch(
      /Did you mean "blocks\.\d\.hook_resid_p/,
    );
  });
});
