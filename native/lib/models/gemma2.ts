/**
 * Gemma 2 with transformers' module names and arithmetic (`modeling_gemma2.py`, eager attention): Gemma with norms before and
 * after each half of a block, soft caps on scores and logits, and a window in every other layer.
 */
import type { AliasTable } from "../graph/aliases";
import * as nn from "../nn";
import { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import type { ConfigReader } from "./configReader";
import {
  type BaseModel,
  type BaseModelOutput,
  baseModelOutput,
  type CausalLM,
  type CausalLMInputs,
  type CausalLMOutput,
  checkInputs,
} from "./interfaces";
import { type LayerType, readLayerTypes } from "./layerTypes";
import { readActivation } from "./parts/activations";
import { attend, headsOf, repeatHeads, softCap, softmaxInFloat32, splitHeads } from "./parts/attention";
import { GatedMLP } from "./parts/gatedMlp";
import { GemmaRMSNorm, ScaledEmbedding } from "./parts/gemma";
import { causalMasks, positionIds } from "./parts/masks";
import {
  applyRotary,
  type PositionEmbeddings,
  type RopeParameters,
  RotaryEmbedding,
  readRopeParameters,
} from "./parts/rotary";
import { type DecoderSizes, readSizes, refuseVariants } from "./sizes";
import { GEMMA2_BLOCK, LLAMA_OUTSIDE, transformerLensNames } from "./transformerLens";

/** The fields of a Gemma 2 `config.json` that the computation depends on. */
export interface Gemma2Config extends DecoderSizes {
  readonly model_type: "gemma2";
  readonly hidden_activation: string;
  readonly rope_parameters: RopeParameters;
  readonly attention_bias: boolean;
  /** Scores are divided by its root. */
  readonly query_pre_attn_scalar: number;
  readonly layer_types: readonly LayerType[];
  /** How many tokens back those of a sliding layer see, themselves included. */
  readonly sliding_window: number | null;
  readonly attn_logit_softcapping: number | null;
  readonly final_logit_softcapping: number | null;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readGemma2Config(reader: ConfigReader): Gemma2Config {
  refuseVariants(reader);
  const sizes = readSizes(reader, {
    vocab_size: 256000,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    tie_word_embeddings: true,
  });
  const sliding_window = reader.countOrNull("sliding_window", 4096);
  return {
    model_type: "gemma2",
    ...sizes,
    hidden_activation: readActivation(reader, "hidden_activation", "gelu_pytorch_tanh"),
    rope_parameters: readRopeParameters(reader, { headDim: sizes.head_dim, maxPositions: 8192 }),
    attention_bias: reader.flag("attention_bias", false),
    query_pre_attn_scalar: reader.positive("query_pre_attn_scalar", 256),
    layer_types: readLayerTypes(reader, sizes.num_hidden_layers, sliding_window, (layer) =>
      layer % 2 === 0 ? "sliding_attention" : "full_attention",
    ),
    sliding_window,
    attn_logit_softcapping: reader.positiveOrNull("attn_logit_softcapping", 50),
    final_logit_softcapping: reader.positiveOrNull("final_logit_softcapping", 30),
  };
}

export class Gemma2Attention extends Module {
  readonly q_proj: nn.Linear;
  readonly k_proj: nn.Linear;
  readonly v_proj: nn.Linear;
  readonly o_proj: nn.Linear;
  readonly scaling: number;

  constructor(
    readonly config: Gemma2Config,
    options: nn.LayerOptions,
  ) {
    super();
    const { hidden_size, head_dim, num_attention_heads, num_key_value_heads } = config;
    const linear = { ...options, bias: config.attention_bias };
    this.q_proj = new nn.Linear(hidden_size, num_attention_heads * head_dim, linear);
    this.k_proj = new nn.Linear(hidden_size, num_key_value_heads * head_dim, linear);
    this.v_proj = new nn.Linear(hidden_size, num_key_value_heads * head_dim, linear);
    this.o_proj = new nn.Linear(num_attention_heads * head_dim, hidden_size, linear);
    this.scaling = config.query_pre_attn_scalar ** -0.5;
  }

  /** hidden_states: [batch, seq, hidden_size] → the same, and the pattern [batch, heads, seq, seq]. */
  forward(
    hidden_states: Tensor,
    position_embeddings: PositionEmbeddings,
    attention_mask: Tensor,
  ): [Tensor, Tensor] {
    const { head_dim, num_attention_heads: heads, num_key_value_heads } = this.config;
    const query_states = headsOf(this.q_proj.call(hidden_states), head_dim);
    const key_states = headsOf(this.k_proj.call(hidden_states), head_dim);
    const value_states = splitHeads(this.v_proj.call(hidden_states), head_dim);
    const [cos, sin] = position_embeddings.map((angles) => angles.unsqueeze(2));
    const query = applyRotary(query_states, cos, sin, head_dim).transpose(1, 2);
    const key = applyRotary(key_states, cos, sin, head_dim).transpose(1, 2);
    const [mix, pattern] = attend(
      query,
      repeatHeads(key, num_key_value_heads, heads, head_dim),
      repeatHeads(value_states, num_key_value_heads, heads, head_dim),
      attention_mask,
      this.scaling,
      softmaxInFloat32,
      this.config.attn_logit_softcapping,
    );
    return [this.o_proj.call(mix), pattern];
  }
}

export class Gemma2DecoderLayer extends Module {
  readonly self_attn: Gemma2Attention;
  readonly mlp: GatedMLP;
  readonly input_layernorm: GemmaRMSNorm;
  readonly post_attention_layernorm: GemmaRMSNorm;
  readonly pre_feedforward_layernorm: GemmaRMSNorm;
  readonly post_feedforward_layernorm: GemmaRMSNorm;

  constructor(config: Gemma2Config, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.rms_norm_eps };
    const { hidden_size, intermediate_size, hidden_activation } = config;
    this.self_attn = new Gemma2Attention(config, options);
    this.mlp = new GatedMLP(hidden_size, intermediate_size, hidden_activation, options);
    this.input_layernorm = new GemmaRMSNorm(hidden_size, norm);
    this.post_attention_layernorm = new GemmaRMSNorm(hidden_size, norm);
    this.pre_feedforward_layernorm = new GemmaRMSNorm(hidden_size, norm);
    this.post_feedforward_layernorm = new GemmaRMSNorm(hidden_size, norm);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor, position_embeddings: PositionEmbeddings): Tensor {
    const normed = this.input_layernorm.call(hidden_states);
    const [attended] = this.self_attn.call(normed, position_embeddings, attention_mask);
    const middle = hidden_states.add(this.post_attention_layernorm.call(attended));
    const fed = this.mlp.call(this.pre_feedforward_layernorm.call(middle));
    return middle.add(this.post_feedforward_layernorm.call(fed));
  }
}

/** Gemma 2 without a head. */
export class Gemma2Model extends Module implements BaseModel {
  readonly embed_tokens: ScaledEmbedding;
  readonly layers: nn.ModuleList<Gemma2DecoderLayer>;
  readonly norm: GemmaRMSNorm;
  readonly rotary_emb: RotaryEmbedding;

  constructor(
    readonly config: Gemma2Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.embed_tokens = new ScaledEmbedding(config.vocab_size, config.hidden_size, options);
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new Gemma2DecoderLayer(config, options)),
    );
    this.norm = new GemmaRMSNorm(config.hidden_size, { ...options, eps: config.rms_norm_eps });
    this.rotary_emb = new RotaryEmbedding(config.rope_parameters, config.head_dim);
  }

  forward(inputs: CausalLMInputs): BaseModelOutput {
    const { input_ids, attention_mask = null } = checkInputs(inputs);
    let hidden_states = this.embed_tokens.call(input_ids);
    const { layer_types, sliding_window } = this.config;
    const { dtype } = hidden_states;
    const masks = causalMasks(layer_types, sliding_window, input_ids, attention_mask, dtype);
    const position_ids = inputs.position_ids ?? positionIds(input_ids, attention_mask);
    const position_embeddings = this.rotary_emb.call(position_ids, dtype);
    const earlier: Tensor[] = [];
    for (const [i, layer] of [...this.layers].entries()) {
      earlier.push(hidden_states);
      hidden_states = layer.call(hidden_states, masks[i], position_embeddings);
    }
    return baseModelOutput(inputs, earlier, this.norm.call(hidden_states));
  }

  nodeAliases(): AliasTable {
    return gemma2Aliases("", this.config);
  }
}

/** Gemma 2 with its language-modelling head. */
export class Gemma2ForCausalLM extends Module implements CausalLM {
  readonly model: Gemma2Model;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: Gemma2Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.model = new Gemma2Model(config, options);
    this.lm_head = new nn.Linear(config.hidden_size, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.model.embed_tokens.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.model.call(inputs);
    const logits = this.lm_head.call(last_hidden_state);
    const { final_logit_softcapping: cap } = this.config;
    return { logits: cap === null ? logits : softCap(logits, cap), ...others };
  }

  nodeAliases(): AliasTable {
    return gemma2Aliases("model", this.config);
  }
}

function gemma2Aliases(body: string, config: Gemma2Config): AliasTable {
  const layers = { path: "layers", count: config.num_hidden_layers };
  return transformerLensNames(body, layers, LLAMA_OUTSIDE, GEMMA2_BLOCK);
}
