/**
 * GPT-NeoX (Pythia) with transformers' module names and arithmetic (`modeling_gpt_neox.py`, eager attention): attention and
 * MLP of a block side by side, one fused projection, heads of which a part is rotated. Dropout modules are left out.
 */
import type { AliasTable } from "../graph/aliases";
import * as nn from "../nn";
import { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import { type ConfigReader, MAX_LAYERS } from "./configReader";
import {
  type BaseModel,
  type BaseModelOutput,
  baseModelOutput,
  type CausalLM,
  type CausalLMInputs,
  type CausalLMOutput,
  checkInputs,
} from "./interfaces";
import { type Activation, activation, readActivation } from "./parts/activations";
import { attend, headsOf, softmaxInFloat32 } from "./parts/attention";
import { causalMask, positionIds } from "./parts/masks";
import {
  applyPartialRotary,
  type PositionEmbeddings,
  type RopeParameters,
  RotaryEmbedding,
  readRopeParameters,
  rotatedChannels,
} from "./parts/rotary";
import { refuseVariants } from "./sizes";
import { layerNorm, patternOf, transformerLensNames } from "./transformerLens";

/** The fields of a GPT-NeoX `config.json` that the computation depends on. */
export interface GPTNeoXConfig {
  readonly model_type: "gpt_neox";
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly head_dim: number;
  readonly hidden_act: string;
  readonly layer_norm_eps: number;
  readonly rope_parameters: RopeParameters;
  /** Whether attention and MLP of a block both read what the block is given; else the MLP comes after. */
  readonly use_parallel_residual: boolean;
  readonly attention_bias: boolean;
  readonly tie_word_embeddings: boolean;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readGPTNeoXConfig(reader: ConfigReader): GPTNeoXConfig {
  refuseVariants(reader);
  const hidden_size = reader.count("hidden_size", 6144);
  const heads = reader.count("num_attention_heads", 64);
  if (hidden_size % heads !== 0) {
    reader.fail("hidden_size", `is ${hidden_size}, not a multiple of the ${heads} heads`);
  }
  const head_dim = hidden_size / heads;
  reader.refuseUnless("head_dim", head_dim);
  return {
    model_type: "gpt_neox",
    vocab_size: reader.count("vocab_size", 50432),
    hidden_size,
    intermediate_size: reader.count("intermediate_size", 24576),
    num_hidden_layers: reader.count("num_hidden_layers", 44, MAX_LAYERS),
    num_attention_heads: heads,
    head_dim,
    hidden_act: readActivation(reader, "hidden_act", "gelu"),
    layer_norm_eps: reader.positive("layer_norm_eps", 1e-5),
    rope_parameters: readRopeParameters(reader, {
      headDim: head_dim,
      maxPositions: 2048,
      theta: { key: "rotary_emb_base", fallback: 10000 },
      partial: { key: "rotary_pct", fallback: 0.25 },
    }),
    use_parallel_residual: reader.flag("use_parallel_residual", true),
    attention_bias: reader.flag("attention_bias", true),
    tie_word_embeddings: reader.flag("tie_word_embeddings", false),
  };
}

export class GPTNeoXAttention extends Module {
  readonly query_key_value: nn.Linear;
  readonly dense: nn.Linear;
  readonly scaling: number;

  constructor(
    readonly config: GPTNeoXConfig,
    options: nn.LayerOptions,
  ) {
    super();
    const { hidden_size, attention_bias: bias } = config;
    this.query_key_value = new nn.Linear(hidden_size, 3 * hidden_size, { ...options, bias });
    this.dense = new nn.Linear(hidden_size, hidden_size, { ...options, bias });
    this.scaling = config.head_dim ** -0.5;
  }

  /** hidden_states: [batch, seq, hidden_size] → the same, and the pattern [batch, heads, seq, seq]. */
  forward(
    hidden_states: Tensor,
    attention_mask: Tensor,
    position_embeddings: PositionEmbeddings,
  ): [Tensor, Tensor] {
    const { head_dim, rope_parameters } = this.config;
    const qkv = headsOf(this.query_key_value.call(hidden_states), 3 * head_dim);
    const [query_states, key_states, value_states] = qkv.chunk(3, -1);
    const [cos, sin] = position_embeddings.map((angles) => angles.unsqueeze(2));
    const rotated = rotatedChannels(head_dim, rope_parameters);
    const query = applyPartialRotary(query_states, cos, sin, rotated, head_dim).transpose(1, 2);
    const key = applyPartialRotary(key_states, cos, sin, rotated, head_dim).transpose(1, 2);
    const value = value_states.transpose(1, 2);
    const [mix, pattern] = attend(query, key, value, attention_mask, this.scaling, softmaxInFloat32);
    return [this.dense.call(mix), pattern];
  }
}

export class GPTNeoXMLP extends Module {
  readonly dense_h_to_4h: nn.Linear;
  readonly dense_4h_to_h: nn.Linear;
  readonly act: Activation;

  constructor(config: GPTNeoXConfig, options: nn.LayerOptions) {
    super();
    this.dense_h_to_4h = new nn.Linear(config.hidden_size, config.intermediate_size, options);
    this.dense_4h_to_h = new nn.Linear(config.intermediate_size, config.hidden_size, options);
    this.act = activation(config.hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.dense_4h_to_h.call(this.act.call(this.dense_h_to_4h.call(hidden_states)));
  }
}

export class GPTNeoXLayer extends Module {
  readonly input_layernorm: nn.LayerNorm;
  readonly post_attention_layernorm: nn.LayerNorm;
  readonly attention: GPTNeoXAttention;
  readonly mlp: GPTNeoXMLP;
  readonly use_parallel_residual: boolean;

  constructor(config: GPTNeoXConfig, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.layer_norm_eps };
    this.use_parallel_residual = config.use_parallel_residual;
    this.input_layernorm = new nn.LayerNorm(config.hidden_size, norm);
    this.post_attention_layernorm = new nn.LayerNorm(config.hidden_size, norm);
    this.attention = new GPTNeoXAttention(config, options);
    this.mlp = new GPTNeoXMLP(config, options);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor, position_embeddings: PositionEmbeddings): Tensor {
    const normed = this.input_layernorm.call(hidden_states);
    const [attended] = this.attention.call(normed, attention_mask, position_embeddings);
    if (this.use_parallel_residual) {
      const fed = this.mlp.call(this.post_attention_layernorm.call(hidden_states));
      return fed.add(attended).add(hidden_states);
    }
    const middle = attended.add(hidden_states);
    return this.mlp.call(this.post_attention_layernorm.call(middle)).add(middle);
  }
}

/** GPT-NeoX without a head. */
export class GPTNeoXModel extends Module implements BaseModel {
  readonly embed_in: nn.Embedding;
  readonly layers: nn.ModuleList<GPTNeoXLayer>;
  readonly final_layer_norm: nn.LayerNorm;
  readonly rotary_emb: RotaryEmbedding;

  constructor(
    readonly config: GPTNeoXConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.embed_in = new nn.Embedding(config.vocab_size, config.hidden_size, options);
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new GPTNeoXLayer(config, options)),
    );
    this.final_layer_norm = new nn.LayerNorm(config.hidden_size, { ...options, eps: config.layer_norm_eps });
    this.rotary_emb = new RotaryEmbedding(config.rope_parameters, config.head_dim);
  }

  forward(inputs: CausalLMInputs): BaseModelOutput {
    const { input_ids, attention_mask = null } = checkInputs(inputs);
    let hidden_states = this.embed_in.call(input_ids);
    const mask = causalMask(input_ids, attention_mask, hidden_states.dtype);
    const position_ids = inputs.position_ids ?? positionIds(input_ids, attention_mask);
    const position_embeddings = this.rotary_emb.call(position_ids, hidden_states.dtype);
    const earlier: Tensor[] = [];
    for (const layer of this.layers) {
      earlier.push(hidden_states);
      hidden_states = layer.call(hidden_states, mask, position_embeddings);
    }
    return baseModelOutput(inputs, earlier, this.final_layer_norm.call(hidden_states));
  }

  nodeAliases(): AliasTable {
    return gptNeoXAliases("", this.config);
  }
}

/** GPT-NeoX with its language-modelling head, which files call `embed_out`. */
export class GPTNeoXForCausalLM extends Module implements CausalLM {
  readonly gpt_neox: GPTNeoXModel;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: GPTNeoXConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.gpt_neox = new GPTNeoXModel(config, options);
    this.lm_head = new nn.Linear(config.hidden_size, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.gpt_neox.embed_in.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.gpt_neox.call(inputs);
    return { logits: this.lm_head.call(last_hidden_state), ...others };
  }

  nodeAliases(): AliasTable {
    return gptNeoXAliases("gpt_neox", this.config);
  }
}

function gptNeoXAliases(body: string, config: GPTNeoXConfig): AliasTable {
  const isPartial = rotatedChannels(config.head_dim, config.rope_parameters) < config.head_dim;
  return transformerLensNames(
    body,
    { path: "layers", count: config.num_hidden_layers },
    { hook_embed: "embed_in.output", ...layerNorm("ln_final", "final_layer_norm") },
    {
      hook_resid_pre: "hidden_states",
      ...layerNorm("ln1", "input_layernorm"),
      "attn.hook_in": "attention.hidden_states",
      "attn.hook_q": "attention.chunk|sub_0",
      "attn.hook_k": "attention.chunk|sub_1",
      "attn.hook_v": "attention.chunk|sub_2",
      "attn.hook_rot_q": isPartial ? "attention.cat_1" : "attention.add",
      "attn.hook_rot_k": isPartial ? "attention.cat_3" : "attention.add_1",
      "attn.hook_attn_scores": "attention.add_2",
      "attn.hook_pattern": patternOf("attention"),
      "attn.hook_z": "attention.transpose_4",
      "attn.o.hook_out": "attention.dense.output",
      "attn.hook_out": "attention.output|sub_0",
      hook_attn_out: "attention.output|sub_0",
      // Side by side there is nothing in the middle.
      ...(config.use_parallel_residual ? {} : { hook_resid_mid: "add" }),
      hook_mlp_in: "post_attention_layernorm.input",
      ...layerNorm("ln2", "post_attention_layernorm"),
      "mlp.hook_in": "mlp.hidden_states",
      "mlp.hook_pre": "mlp.dense_h_to_4h.output",
      "mlp.hook_post": "mlp.act.output",
      "mlp.out.hook_out": "mlp.dense_4h_to_h.output",
      "mlp.hook_out": "mlp.output",
      hook_mlp_out: "mlp.output",
      hook_resid_post: "output",
    },
  );
}
