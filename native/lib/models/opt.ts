/**
 * OPT with transformers' module names and arithmetic (`modeling_opt.py`, eager attention): learned positions that begin at 2,
 * and, in OPT-350m, norms after each half of a block and embeddings narrower than the model. Dropout is left out, and the MLP
 * keeps its values [batch, seq, …] where transformers flattens them.
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
import { attend, headsOf, softmaxInFloat32, splitHeads } from "./parts/attention";
import { causalMask, positionIds } from "./parts/masks";
import { refuseVariants } from "./sizes";
import { layerNorm, patternOf, transformerLensNames } from "./transformerLens";

/** The fields of an OPT `config.json` that the computation depends on. */
export interface OPTConfig {
  readonly model_type: "opt";
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly ffn_dim: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  /** Width of the token embeddings; where it differs from `hidden_size` they are projected. */
  readonly word_embed_proj_dim: number;
  readonly activation_function: string;
  /** Whether each half of a block is normalised before it is computed, or after it was added. */
  readonly do_layer_norm_before: boolean;
  readonly layer_norm_elementwise_affine: boolean;
  readonly has_final_layer_norm: boolean;
  readonly enable_bias: boolean;
  readonly tie_word_embeddings: boolean;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readOPTConfig(reader: ConfigReader): OPTConfig {
  refuseVariants(reader);
  const hidden_size = reader.count("hidden_size", 768);
  const heads = reader.count("num_attention_heads", 12);
  if (hidden_size % heads !== 0) {
    reader.fail("hidden_size", `is ${hidden_size}, not a multiple of the ${heads} heads`);
  }
  const do_layer_norm_before = reader.flag("do_layer_norm_before", true);
  return {
    model_type: "opt",
    vocab_size: reader.count("vocab_size", 50272),
    hidden_size,
    ffn_dim: reader.count("ffn_dim", 3072),
    num_hidden_layers: reader.count("num_hidden_layers", 12, MAX_LAYERS),
    num_attention_heads: heads,
    max_position_embeddings: reader.count("max_position_embeddings", 2048),
    word_embed_proj_dim: reader.count("word_embed_proj_dim", hidden_size),
    activation_function: readActivation(reader, "activation_function", "relu"),
    do_layer_norm_before,
    layer_norm_elementwise_affine: reader.flag("layer_norm_elementwise_affine", true),
    has_final_layer_norm: do_layer_norm_before && !reader.flag("_remove_final_layer_norm", false),
    enable_bias: reader.flag("enable_bias", true),
    tie_word_embeddings: reader.flag("tie_word_embeddings", true),
  };
}

/** Embeddings of positions; the first two rows belong to none. */
export class OPTLearnedPositionalEmbedding extends nn.Embedding {
  static readonly offset = 2;

  constructor(positions: number, width: number, options: nn.LayerOptions) {
    super(positions + OPTLearnedPositionalEmbedding.offset, width, options);
  }

  override forward(position_ids: Tensor): Tensor {
    return super.forward(position_ids.add(OPTLearnedPositionalEmbedding.offset));
  }
}

export class OPTAttention extends Module {
  readonly k_proj: nn.Linear;
  readonly v_proj: nn.Linear;
  readonly q_proj: nn.Linear;
  readonly out_proj: nn.Linear;
  readonly headDim: number;

  constructor(config: OPTConfig, options: nn.LayerOptions) {
    super();
    const { hidden_size, enable_bias: bias } = config;
    this.headDim = hidden_size / config.num_attention_heads;
    this.k_proj = new nn.Linear(hidden_size, hidden_size, { ...options, bias });
    this.v_proj = new nn.Linear(hidden_size, hidden_size, { ...options, bias });
    this.q_proj = new nn.Linear(hidden_size, hidden_size, { ...options, bias });
    this.out_proj = new nn.Linear(hidden_size, hidden_size, { ...options, bias });
  }

  /** hidden_states: [batch, seq, hidden_size] → the same, and the pattern [batch, heads, seq, seq]. */
  forward(hidden_states: Tensor, attention_mask: Tensor): [Tensor, Tensor] {
    // Scaled before the heads are compared: in half precision the order makes a difference.
    const query = headsOf(this.q_proj.call(hidden_states), this.headDim)
      .mul(this.headDim ** -0.5)
      .transpose(1, 2);
    const key = splitHeads(this.k_proj.call(hidden_states), this.headDim);
    const value = splitHeads(this.v_proj.call(hidden_states), this.headDim);
    const [mix, pattern] = attend(query, key, value, attention_mask, 1, softmaxInFloat32);
    return [this.out_proj.call(mix), pattern];
  }
}

export class OPTDecoderLayer extends Module {
  readonly self_attn: OPTAttention;
  readonly activation_fn: Activation;
  readonly self_attn_layer_norm: nn.LayerNorm;
  readonly fc1: nn.Linear;
  readonly fc2: nn.Linear;
  readonly final_layer_norm: nn.LayerNorm;
  readonly do_layer_norm_before: boolean;

  constructor(config: OPTConfig, options: nn.LayerOptions) {
    super();
    const { hidden_size, ffn_dim, enable_bias: bias } = config;
    const norm = { ...options, elementwise_affine: config.layer_norm_elementwise_affine };
    this.do_layer_norm_before = config.do_layer_norm_before;
    this.self_attn = new OPTAttention(config, options);
    this.activation_fn = activation(config.activation_function);
    this.self_attn_layer_norm = new nn.LayerNorm(hidden_size, norm);
    this.fc1 = new nn.Linear(hidden_size, ffn_dim, { ...options, bias });
    this.fc2 = new nn.Linear(ffn_dim, hidden_size, { ...options, bias });
    this.final_layer_norm = new nn.LayerNorm(hidden_size, norm);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor): Tensor {
    const feed = (states: Tensor): Tensor => this.fc2.call(this.activation_fn.call(this.fc1.call(states)));
    if (this.do_layer_norm_before) {
      const [attended] = this.self_attn.call(this.self_attn_layer_norm.call(hidden_states), attention_mask);
      const middle = hidden_states.add(attended);
      return middle.add(feed(this.final_layer_norm.call(middle)));
    }
    const [attended] = this.self_attn.call(hidden_states, attention_mask);
    const middle = this.self_attn_layer_norm.call(hidden_states.add(attended));
    return this.final_layer_norm.call(middle.add(feed(middle)));
  }
}

export class OPTDecoder extends Module {
  readonly embed_tokens: nn.Embedding;
  readonly embed_positions: OPTLearnedPositionalEmbedding;
  readonly project_out: nn.Linear | null;
  readonly project_in: nn.Linear | null;
  readonly final_layer_norm: nn.LayerNorm | null;
  readonly layers: nn.ModuleList<OPTDecoderLayer>;

  constructor(config: OPTConfig, options: nn.LayerOptions) {
    super();
    const { hidden_size, word_embed_proj_dim: width } = config;
    const isProjected = width !== hidden_size;
    const linear = { ...options, bias: false };
    const norm = { ...options, elementwise_affine: config.layer_norm_elementwise_affine };
    this.embed_tokens = new nn.Embedding(config.vocab_size, width, options);
    this.embed_positions = new OPTLearnedPositionalEmbedding(
      config.max_position_embeddings,
      hidden_size,
      options,
    );
    this.project_out = isProjected ? new nn.Linear(hidden_size, width, linear) : null;
    this.project_in = isProjected ? new nn.Linear(width, hidden_size, linear) : null;
    this.final_layer_norm = config.has_final_layer_norm ? new nn.LayerNorm(hidden_size, norm) : null;
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new OPTDecoderLayer(config, options)),
    );
  }

  forward(inputs: CausalLMInputs): BaseModelOutput {
    const { input_ids, attention_mask = null } = checkInputs(inputs);
    const embedded = this.embed_tokens.call(input_ids);
    const mask = causalMask(input_ids, attention_mask, embedded.dtype);
    const position_ids = inputs.position_ids ?? positionIds(input_ids, attention_mask);
    // One row of positions serves all texts; each has its own where one of them is patched.
    const positions = this.embed_positions.call(position_ids).expand([input_ids.size(0), -1, -1]);
    let hidden_states = (this.project_in?.call(embedded) ?? embedded).add(positions);
    const earlier: Tensor[] = [];
    for (const layer of this.layers) {
      earlier.push(hidden_states);
      hidden_states = layer.call(hidden_states, mask);
    }
    const normed = this.final_layer_norm?.call(hidden_states) ?? hidden_states;
    return baseModelOutput(inputs, earlier, this.project_out?.call(normed) ?? normed);
  }
}

/** OPT without a head. */
export class OPTModel extends Module implements BaseModel {
  readonly decoder: OPTDecoder;

  constructor(
    readonly config: OPTConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.decoder = new OPTDecoder(config, options);
  }

  forward(inputs: CausalLMInputs): BaseModelOutput {
    return this.decoder.call(inputs);
  }

  nodeAliases(): AliasTable {
    return optAliases("decoder", this.config);
  }
}

/** OPT with its language-modelling head. */
export class OPTForCausalLM extends Module implements CausalLM {
  readonly model: OPTModel;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: OPTConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    const { word_embed_proj_dim, vocab_size, tie_word_embeddings } = config;
    this.model = new OPTModel(config, options);
    this.lm_head = new nn.Linear(word_embed_proj_dim, vocab_size, { ...options, bias: false });
    if (tie_word_embeddings) this.lm_head.registerParameter("weight", this.model.decoder.embed_tokens.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.model.call(inputs);
    return { logits: this.lm_head.call(last_hidden_state), ...others };
  }

  nodeAliases(): AliasTable {
    return optAliases("model.decoder", this.config);
  }
}

/**
 * Where norms come after, `hook_resid_mid` and `hook_resid_post` are the sums before them, as in TransformerLens' BERT: the
 * next block's `hook_resid_pre` is then another value than this one's `hook_resid_post`.
 */
function optAliases(decoder: string, config: OPTConfig): AliasTable {
  const isProjected = config.word_embed_proj_dim !== config.hidden_size;
  return transformerLensNames(
    decoder,
    { path: "layers", count: config.num_hidden_layers },
    {
      hook_embed: isProjected ? "project_in.output" : "embed_tokens.output",
      hook_pos_embed: "expand",
      ...(config.has_final_layer_norm ? layerNorm("ln_final", "final_layer_norm") : {}),
    },
    {
      hook_resid_pre: "hidden_states",
      hook_out: "output",
      ...layerNorm("ln1", "self_attn_layer_norm"),
      "attn.hook_in": "self_attn.hidden_states",
      "attn.hook_q": "self_attn.view",
      "attn.hook_k": "self_attn.view_1",
      "attn.hook_v": "self_attn.view_2",
      "attn.hook_attn_scores": "self_attn.add",
      "attn.hook_pattern": patternOf("self_attn"),
      "attn.hook_z": "self_attn.transpose_4",
      "attn.o.hook_out": "self_attn.out_proj.output",
      "attn.hook_out": "self_attn.output|sub_0",
      hook_attn_out: "self_attn.output|sub_0",
      hook_resid_mid: "add",
      // Where norms come after, the MLP is given what the first one gives.
      hook_mlp_in: config.do_layer_norm_before ? "final_layer_norm.input" : "fc1.input",
      ...layerNorm("ln2", "final_layer_norm"),
      "mlp.hook_in": "fc1.input",
      "mlp.hook_pre": "fc1.output",
      "mlp.hook_post": "activation_fn.output",
      "mlp.out.hook_out": "fc2.output",
      "mlp.hook_out": "fc2.output",
      hook_mlp_out: "fc2.output",
      hook_resid_post: config.do_layer_norm_before ? "output" : "add_1",
    },
  );
}
