import type { AliasTable } from "../graph/aliases";

/** Nodes by TransformerLens' names, both below some module. */
type Places = AliasTable;

/**
 * The names that TransformerLens gives to the places of a decoder, for the nodes of a graph of it. They mean the same values as in
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
  add("", body, outside);
  const stem = body === "" ? layers.path : `${body}.${layers.path}`;
  for (let i = 0; i < layers.count; i++) add(`blocks.${i}.`, `${stem}_${i}`, block);
  return table;
}

/** The softmax as it is mixed with: cast back where the model computes in half precision. */
export function patternOf(attention: string): readonly string[] {
  return [`${attention}.to`, `${attention}.softmax`];
}

/** Places outside of the blocks in Llama and its relatives. TransformerLens' RMSNorm is looked at before its weight. */
export const LLAMA_OUTSIDE: Places = {
  hook_embed: "embed_tokens.output",
  "ln_final.hook_normalized": "norm.mul",
};

/** Places in a block of Llama and its relatives. */
export const LLAMA_BLOCK: Places = {
  hook_resid_pre: "hidden_states",
  "ln1.hook_normalized": "input_layernorm.mul",
  "attn.hook_q": "self_attn.view",
  "attn.hook_k": "self_attn.view_1",
  "attn.hook_v": "self_attn.view_2",
  "attn.hook_rot_q": "self_attn.add",
  "attn.hook_rot_k": "self_attn.add_1",
  "attn.hook_attn_scores": "self_attn.add_2",
  "attn.hook_pattern": patternOf("self_attn"),
  "attn.hook_z": "self_attn.transpose_4",
  hook_attn_out: "self_attn.output|sub_0",
  hook_resid_mid: "add",
  "ln2.hook_normalized": "post_attention_layernorm.mul",
  "mlp.hook_pre": "mlp.gate_proj.output",
  "mlp.hook_pre_linear": "mlp.up_proj.output",
  "mlp.hook_post": "mlp.down_proj.input",
  hook_mlp_out: "mlp.output",
  hook_resid_post: "output",
};

/** The same where each half of a block is normalised once more before it is added (Gemma 2 and 3). */
export const GEMMA2_BLOCK: Places = {
  ...LLAMA_BLOCK,
  "ln1_post.hook_normalized": "post_attention_layernorm.mul",
  hook_attn_out: "post_attention_layernorm.output",
  "ln2.hook_normalized": "pre_feedforward_layernorm.mul",
  "ln2_post.hook_normalized": "post_feedforward_layernorm.mul",
  hook_mlp_out: "post_feedforward_layernorm.output",
};
