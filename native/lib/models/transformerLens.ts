import type { AliasTable } from "../graph/aliases";

/** Nodes by TransformerLens' names, both below some module. */
type Places = AliasTable;

/** Names of version 4 for what has an older one: of places outside of the blocks, and in each block. */
const NEWER_OUTSIDE: Readonly<Record<string, string>> = {
  "embed.hook_out": "hook_embed",
  "pos_embed.hook_out": "hook_pos_embed",
};
const NEWER_IN_BLOCK: Readonly<Record<string, string>> = {
  hook_in: "hook_resid_pre",
  hook_out: "hook_resid_post",
  "attn.q.hook_out": "attn.hook_q",
  "attn.k.hook_out": "attn.hook_k",
  "attn.v.hook_out": "attn.hook_v",
  "attn.o.hook_in": "attn.hook_z",
  "mlp.in.hook_out": "mlp.hook_pre",
  "mlp.out.hook_in": "mlp.hook_post",
};

/** The places, and those with a newer name under that, too, unless it means another place. */
function withNewer(places: Places, newer: Readonly<Record<string, string>>): Places {
  const added = Object.entries(newer).filter(([name, older]) => older in places && !(name in places));
  return { ...places, ...Object.fromEntries(added.map(([name, older]) => [name, places[older]])) };
}

/**
 * The names that TransformerLens gives to the places of a decoder, for the nodes of a graph of it, those that it has always had and
 * those of version 4. They mean the same values as in
 * `HookedTransformer.from_pretrained_no_processing`, in the same layout: `hook_q`, `hook_k`, `hook_v`, `hook_rot_q`, `hook_rot_k`
 * and `hook_z` are [batch, pos, head, d_head], so that a slice by head means there what it means here. That is why the models
 * rotate heads before they bring them to the front, where transformers does it after; the numbers are the same.
 *
 * `hook_scale` of a norm has no node: PyTorch computes its reciprocal.
 *
 * @param body path of the model without its head in the captured one; "" for itself
 * @param layers path of the blocks, below `body`
 * @param outside places that are there once, below `body`
 * @param block places of each block, below it
 */
export function transformerLensNames(
  body: string,
  layers: { path: string; count: number },
  outside: Places,
  block: Places,
): AliasTable {
  const table: Record<string, string | readonly string[]> = {};
  const add = (prefix: string, path: string, places: Places): void => {
    for (const [alias, node] of Object.entries(places)) {
      const nodes = typeof node === "string" ? [node] : node;
      table[`${prefix}${alias}`] = nodes.map((name) => (path === "" ? name : `${path}.${name}`));
    }
  };
  add("", body, withNewer(outside, NEWER_OUTSIDE));
  if (body !== "") add("", "", HEAD);
  const stem = body === "" ? layers.path : `${body}.${layers.path}`;
  const inBlock = withNewer(block, NEWER_IN_BLOCK);
  for (let i = 0; i < layers.count; i++) add(`blocks.${i}.`, `${stem}_${i}`, inBlock);
  return table;
}

/** The softmax as it is mixed with: cast back where the model computes in half precision. */
export function patternOf(attention: string): readonly string[] {
  return [`${attention}.to`, `${attention}.softmax`];
}

/** Of a model with a head. */
const HEAD: Places = {
  "unembed.hook_in": "lm_head.input",
  "unembed.hook_out": "lm_head.output",
  hook_unembed: "lm_head.output",
};

/** An RMSNorm; TransformerLens looks at it before its weight. */
export function rmsNorm(alias: string, norm: string): Places {
  return {
    [`${alias}.hook_in`]: [`${norm}.hidden_states`, `${norm}.x`],
    [`${alias}.hook_normalized`]: `${norm}.mul`,
    [`${alias}.hook_out`]: `${norm}.output`,
  };
}

/** A LayerNorm, which PyTorch computes in one step, weight and bias included. */
export function layerNorm(alias: string, norm: string): Places {
  return {
    [`${alias}.hook_in`]: `${norm}.input`,
    [`${alias}.hook_normalized`]: `${norm}.output`,
    [`${alias}.hook_out`]: `${norm}.output`,
  };
}

/** Places outside of the blocks in Llama and its relatives. */
export const LLAMA_OUTSIDE: Places = { hook_embed: "embed_tokens.output", ...rmsNorm("ln_final", "norm") };

/** Places in a block of Llama and its relatives. */
export const LLAMA_BLOCK: Places = {
  hook_resid_pre: "hidden_states",
  ...rmsNorm("ln1", "input_layernorm"),
  "attn.hook_in": "self_attn.hidden_states",
  "attn.hook_q": "self_attn.view",
  "attn.hook_k": "self_attn.view_1",
  "attn.hook_v": "self_attn.view_2",
  "attn.hook_rot_q": "self_attn.add",
  "attn.hook_rot_k": "self_attn.add_1",
  "attn.hook_attn_scores": "self_attn.add_2",
  "attn.hook_pattern": patternOf("self_attn"),
  "attn.hook_z": "self_attn.transpose_4",
  "attn.o.hook_out": "self_attn.o_proj.output",
  "attn.hook_out": "self_attn.output|sub_0",
  hook_attn_out: "self_attn.output|sub_0",
  hook_resid_mid: "add",
  hook_mlp_in: ["post_attention_layernorm.hidden_states", "post_attention_layernorm.x"],
  ...rmsNorm("ln2", "post_attention_layernorm"),
  "mlp.hook_in": ["mlp.x", "mlp.hidden_states"],
  "mlp.hook_pre": "mlp.gate_proj.output",
  "mlp.gate.hook_out": "mlp.gate_proj.output",
  "mlp.hook_pre_linear": "mlp.up_proj.output",
  "mlp.in.hook_out": "mlp.up_proj.output",
  "mlp.hook_post": "mlp.down_proj.input",
  "mlp.out.hook_out": "mlp.down_proj.output",
  "mlp.hook_out": "mlp.output",
  hook_mlp_out: "mlp.output",
  hook_resid_post: "output",
};

/** The same where each half of a block is normalised once more before it is added (Gemma 2 and 3). */
export const GEMMA2_BLOCK: Places = {
  ...LLAMA_BLOCK,
  ...rmsNorm("ln1_post", "post_attention_layernorm"),
  hook_attn_out: "post_attention_layernorm.output",
  hook_mlp_in: "pre_feedforward_layernorm.x",
  ...rmsNorm("ln2", "pre_feedforward_layernorm"),
  ...rmsNorm("ln2_post", "post_feedforward_layernorm"),
  hook_mlp_out: "post_feedforward_layernorm.output",
};
