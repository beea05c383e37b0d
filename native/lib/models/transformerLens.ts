import type { AliasTable } from "../graph/aliases";

/** Nodes by TransformerLens' names, both below some module. */
type Places = AliasTable;

/**
 * The names that TransformerLens gives to the places of a decoder, for the nodes of a graph of it. They mean the same values as in
 * `HookedTransformer.from_pretrained_no_processing`, but in the model's own layout: `hook_q`, `hook_k`, `hook_v` and `hook_z`
 * have their heads side by side, [batch, seq, heads * head_dim], where the model has them so.
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
  "attn.hook_q": "self_attn.q_proj.output",
  "attn.hook_k": "self_attn.k_proj.output",
  "attn.hook_v": "self_attn.v_proj.output",
  "attn.hook_rot_q": "self_attn.add",
  "attn.hook_rot_k": "self_attn.add_1",
  "attn.hook_attn_scores": "self_attn.add_2",
  "attn.hook_pattern": patternOf("self_attn"),
  "attn.hook_z": "self_attn.o_proj.input",
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
