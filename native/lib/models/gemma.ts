/**
 * Gemma with transformers' module names and arithmetic (`modeling_gemma.py`, eager attention): Gemma with scaled embeddings,
 * a norm that multiplies by 1 + weight, and heads wider than `hidden_size / heads`.
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
import { readActivation } from "./parts/activations";
import { attend, headsOf, repeatHeads, softmaxInFloat32, splitHeads } from "./parts/attention";
import { GatedMLP } from "./parts/gatedMlp";
import { GemmaRMSNorm, ScaledEmbedding } from "./parts/gemma";
import { causalMask, positionIds } from "./parts/masks";
import {
  applyRotary,
  type PositionEmbeddings,
  type RopeParameters,
  RotaryEmbedding,
  readRopeParameters,
} from "./parts/rotary";
import { type DecoderSizes, readSizes, refuseVariants } from "./sizes";
import { LLAMA_BLOCK, LLAMA_OUTSIDE, transformerLensNames } from "./transformerLens";

/** The fields of a Gemma `config.json` that the computation depends on. */
export interface GemmaConfig extends DecoderSizes {
  readonly model_type: "gemma";
  readonly hidden_act: string;
  readonly rope_parameters: RopeParameters;
  readonly attention_bias: boolean;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readGemmaConfig(reader: ConfigReader): GemmaConfig {
  refuseVariants(reader);
  const sizes = readSizes(reader, {
    vocab_size: 256000,
    hidden_size: 3072,
    intermediate_size: 24576,
    num_hidden_layers: 28,
    num_attention_heads: 16,
    num_key_value_heads: 16,
    head_dim: 256,
    tie_word_embeddings: true,
  });
  return {
    model_type: "gemma",
    ...sizes,
    hidden_act: readGemmaActivation(reader),
    rope_parameters: readRopeParameters(reader, { headDim: sizes.head_dim, maxPositions: 8192 }),
    attention_bias: reader.flag("attention_bias", false),
  };
}

/** The first files say "gelu" and mean its tanh form; some say it a second time, in `hidden_activation`. */
function readGemmaActivation(reader: ConfigReader): string {
  const meant = "gelu_pytorch_tanh";
  const named = readActivation(reader, "hidden_act", meant);
  const act = named === "gelu" ? meant : named;
  reader.refuseUnless("hidden_activation", act, named);
  return act;
}

export class GemmaAttention extends Module {
  readonly q_proj: nn.Linear;
  readonly k_proj: nn.Linear;
  readonly v_proj: nn.Linear;
  readonly o_proj: nn.Linear;
  readonly scaling: number;

  constructor(
    readonly config: GemmaConfig,
    options: nn.LayerOptions,
  ) {
    super();
    const { hidden_size, head_dim, num_attention_heads, num_key_value_heads } = config;
    const linear = { ...options, bias: config.attention_bias };
    this.q_proj = new nn.Linear(hidden_size, num_attention_heads * head_dim, linear);
    this.k_proj = new nn.Linear(hidden_size, num_key_value_heads * head_dim, linear);
    this.v_proj = new nn.Linear(hidden_size, num_key_value_heads * head_dim, linear);
    this.o_proj = new nn.Linear(num_attention_heads * head_dim, hidden_size, linear);
    this.scaling = head_dim ** -0.5;
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
    );
    return [this.o_proj.call(mix), pattern];
  }
}

export class GemmaDecoderLayer extends Module {
  readonly self_attn: GemmaAttention;
  readonly mlp: GatedMLP;
  readonly input_layernorm: GemmaRMSNorm;
  readonly post_attention_layernorm: GemmaRMSNorm;

  constructor(config: GemmaConfig, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.rms_norm_eps };
    const { hidden_size, intermediate_size, hidden_act } = config;
    this.self_attn = new GemmaAttention(config, options);
    this.mlp = new GatedMLP(hidden_size, intermediate_size, hidden_act, options);
    this.input_layernorm = new GemmaRMSNorm(hidden_size, norm);
    this.post_attention_layernorm = new GemmaRMSNorm(hidden_size, norm);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor, position_embeddings: PositionEmbeddings): Tensor {
    const normed = this.input_layernorm.call(hidden_states);
    const [attended] = this.self_attn.call(normed, position_embeddings, attention_mask);
    const middle = hidden_states.add(attended);
    return middle.add(this.mlp.call(this.post_attention_layernorm.call(middle)));
  }
}

/** Gemma without a head. */
export class GemmaModel extends Module implements BaseModel {
  readonly embed_tokens: ScaledEmbedding;
  readonly layers: nn.ModuleList<GemmaDecoderLayer>;
  readonly norm: GemmaRMSNorm;
  readonly rotary_emb: RotaryEmbedding;

  constructor(
    readonly config: GemmaConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.embed_tokens = new ScaledEmbedding(config.vocab_size, config.hidden_size, options);
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new GemmaDecoderLayer(config, options)),
    );
    this.norm = new GemmaRMSNorm(config.hidden_size, { ...options, eps: config.rms_norm_eps });
    this.rotary_emb = new RotaryEmbedding(config.rope_parameters, config.head_dim);
  }

  forward(inputs: CausalLMInputs): BaseModelOutput {
    const { input_ids, attention_mask = null } = checkInputs(inputs);
    let hidden_states = this.embed_tokens.call(input_ids);
    const mask = causalMask(input_ids, attention_mask, hidden_states.dtype);
    const position_ids = inputs.position_ids ?? positionIds(input_ids, attention_mask);
    const position_embeddings = this.rotary_emb.call(position_ids, hidden_states.dtype);
    const earlier: Tensor[] = [];
    for (const layer of this.layers) {
      earlier.push(hidden_states);
      hidden_states = layer.call(hidden_states, mask, position_embeddings);
    }
    return baseModelOutput(inputs, earlier, this.norm.call(hidden_states));
  }

  nodeAliases(): AliasTable {
    return gemmaAliases("", this.config);
  }
}

/** Gemma with its language-modelling head. */
export class GemmaForCausalLM extends Module implements CausalLM {
  readonly model: GemmaModel;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: GemmaConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.model = new GemmaModel(config, options);
    this.lm_head = new nn.Linear(config.hidden_size, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.model.embed_tokens.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.model.call(inputs);
    return { logits: this.lm_head.call(last_hidden_state), ...others };
  }

  nodeAliases(): AliasTable {
    return gemmaAliases("model", this.config);
  }
}

function gemmaAliases(body: string, config: GemmaConfig): AliasTable {
  const layers = { path: "layers", count: config.num_hidden_layers };
  return transformerLensNames(body, layers, LLAMA_OUTSIDE, LLAMA_BLOCK);
}
