import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { UnknownNodeError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { AutoModel, AutoModelForCausalLM, type CausalLM } from "../../native/lib/models";
import { ReplacePatch, ZeroPatch } from "../../native/lib/patches";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { DECODERS, expectedValues, inputsOf, maxDifference } from "../support/parity";

/** The block that the fixtures have the places of (recording.py). */
const LAYER = 1;
/** Who computed a value (make_transformer_lens.py): TransformerLens itself, or transformers with hooks where that refuses the model. */
const SOURCES = /^(?:transformer_lens|hooks)\//;
/** Logits of TransformerLens after a hook that set the value to zero. */
const ZEROED = "zeroed/";
/** The head that the fixtures replace (recording.py). */
const HEAD = 2;
const ofLayer = (name: string) => !name.startsWith("blocks.") || name.startsWith(`blocks.${LAYER}.`);

/** Names of version 4 for places that have an older one (make_transformer_lens.py compares them); they are not in the fixtures. */
const NEWER = new Map([
  ["embed.hook_out", "hook_embed"],
  ["pos_embed.hook_out", "hook_pos_embed"],
  ["hook_unembed", "unembed.hook_out"],
  ...[
    ["hook_in", "hook_resid_pre"],
    ["hook_out", "hook_resid_post"],
    ["attn.q.hook_out", "attn.hook_q"],
    ["attn.k.hook_out", "attn.hook_k"],
    ["attn.v.hook_out", "attn.hook_v"],
    ["attn.o.hook_in", "attn.hook_z"],
    ["mlp.out.hook_in", "mlp.hook_post"],
  ].map(([newer, older]): [string, string] => [`blocks.${LAYER}.${newer}`, `blocks.${LAYER}.${older}`]),
]);
const MLP = `blocks.${LAYER}.mlp`;

/** Models that TransformerLens does not load. */
const REFUSED = ["gpt-neox-tiny-sequential", "opt-tiny-post"];

/** Masked scores are the lowest numbers, between which differences mean nothing. */
function withoutMasked(scores: Tensor): Tensor {
  return torch.where(scores.lt(-1e30), torch.full([], -1e30), scores);
}

describe.each(DECODERS)("$name", ({ name, layers }) => {
  const expected = expectedValues(name);
  const inputs = inputsOf(expected, "left");
  const lens = expectedValues(`${name}.lens`);
  const keys = new Map(
    lens.names().flatMap((key) => (SOURCES.test(key) ? [[key.replace(SOURCES, ""), key]] : [])),
  );
  const names = [...keys.keys()];
  const isGated = names.includes(`${MLP}.hook_pre_linear`);
  const newer = new Map([
    ...[...NEWER].filter(([, older]) => names.includes(older)),
    [`${MLP}.in.hook_out`, isGated ? `${MLP}.hook_pre_linear` : `${MLP}.hook_pre`],
    ...(isGated ? [[`${MLP}.gate.hook_out`, `${MLP}.hook_pre`] as const] : []),
  ]);
  /** Of the model without its head. */
  const inBody = (alias: string) => !alias.includes("unembed");
  const expectedAt = (alias: string) => lens.read(keys.get(alias) ?? alias);
  const input_ids = lens.read("input_ids");
  const unpadded = { input_ids, attention_mask: torch.ones_like(input_ids) };
  const load = () => AutoModelForCausalLM.fromPretrained(join(FIXTURES, name));
  let pg: PatchableGraph<CausalLM>;
  beforeAll(async () => {
    pg = await PatchableGraph.capture(await load(), inputs);
  });

  test("aliases are those that TransformerLens has for the architecture, in every block", () => {
    const aliases = [...pg.aliases.keys()];
    const all = [...names, ...newer.keys()];
    expect(aliases.filter(ofLayer).sort()).toEqual(all.sort());
    const inBlocks = all.filter((alias) => alias.startsWith("blocks."));
    expect(aliases).toHaveLength(all.length + (layers - 1) * inBlocks.length);
    for (const [alias, node] of pg.aliases) expect(pg.node(alias).name, alias).toBe(node);
  });

  test("names of TransformerLens 4 are the places of the older ones", () => {
    for (const [alias, older] of newer) {
      // Norms after each half are between a block's last sum and what it returns.
      if (alias.endsWith(`${LAYER}.hook_out`) && name === "opt-tiny-post") continue;
      expect(pg.aliases.get(alias), alias).toBe(pg.aliases.get(older));
    }
  });

  const expectValues = (outputs: Record<string, Tensor>): void => {
    for (const alias of names.filter((one) => one in outputs)) {
      const [ours, theirs] = [outputs[alias], expectedAt(alias)].map(withoutMasked);
      expect(maxDifference(ours, theirs), alias).toBeLessThanOrEqual(1e-5);
    }
  };

  test("each alias is the value that it means, in TransformerLens' layout, with a mask and without", async () => {
    expectValues(await pg.run(unpadded, { outputs: names }));
    const plain = await PatchableGraph.capture(await load(), { input_ids: torch.tensor([[4, 5, 6]]) });
    expectValues(await plain.run({ input_ids }, { outputs: names }));
  });

  test("a patch by an alias does what TransformerLens' hook does", async () => {
    const zeroed = lens.names().filter((key) => key.startsWith(ZEROED));
    expect(zeroed.length).toBeGreaterThanOrEqual(REFUSED.includes(name) ? 0 : 25);
    for (const key of zeroed) {
      const patch = { [key.slice(ZEROED.length)]: new ZeroPatch() };
      const { logits } = await pg.patch(patch, () => pg.run(unpadded));
      expect(maxDifference(logits.at(":, -1, :40"), lens.read(key)), key).toBeLessThanOrEqual(1e-5);
    }
  });

  test("a patch by an alias is a patch of its node", async () => {
    const patched = async (node: string) =>
      (await pg.patch({ [node]: new ZeroPatch() }, () => pg.run(inputs))).logits;
    const { logits } = await pg.run(inputs);
    for (const alias of names) {
      const node = pg.aliases.get(alias) ?? "";
      expect(torch.equal(await patched(alias), await patched(node)), alias).toBe(true);
      expect(maxDifference(await patched(alias), logits), alias).toBeGreaterThan(1e-4);
    }
  });

  test("one head of hook_z is one head", async () => {
    const patch = new ReplacePatch({ value: expected.read("left/mix"), slice: `:, :, ${HEAD}` });
    const { logits } = await pg.patch({ [`blocks.${LAYER}.attn.hook_z`]: patch }, () => pg.run(inputs));
    expect(maxDifference(logits, expected.read("left/replace_head"))).toBeLessThanOrEqual(1e-5);
  });

  test("the same without the head, and in half precision", async () => {
    const body = await AutoModel.fromPretrained(join(FIXTURES, name));
    const bodyGraph = await PatchableGraph.capture(body, inputs);
    expect([...bodyGraph.aliases.keys()]).toEqual([...pg.aliases.keys()].filter(inBody));
    expectValues(await bodyGraph.run(unpadded, { outputs: names.filter(inBody) }));
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

test("where a GPT-2 computes its scores in float32, the pattern is what values are mixed by", async () => {
  const config = { model_type: "gpt2", n_embd: 8, n_head: 2, n_layer: 1, reorder_and_upcast_attn: true };
  for (const dtype of ["float32", "bfloat16"] as const) {
    const model = AutoModelForCausalLM.fromConfig(config, { dtype });
    const pg = await PatchableGraph.capture(model, { input_ids: torch.tensor([[4, 5, 6]]) });
    const scores = pg.node("blocks.0.attn.hook_attn_scores");
    expect([scores.dtype, pg.node("blocks.0.attn.hook_pattern").dtype]).toEqual(["float32", dtype]);
  }
});
