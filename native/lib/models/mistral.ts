/** Mistral with transformers' module names and arithmetic (`modeling_mistral.py`, eager attention): Mistral with a sliding window. */
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

/** The fields of a Mistral `config.json` that the computation depends on. */
export interface MistralConfig extends DecoderSizes {
  readonly model_type: "mistral";
  readonly hidden_act: string;
  readonly rope_parameters: RopeParameters;
  /** How many tokens back each one sees, itself included; null for all of them. */
  readonly sliding_window: number | null;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readMistralConfig(reader: ConfigReader): MistralConfig {
  refuseVariants(reader);
  reader.refuseUnless("attention_bias", false);
  reader.refuseUnless("mlp_bias", false);
  const sizes = readSizes(reader, {
    vocab_size: 32000,
    hidden_size: 4096,
    intermediate_size: 14336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
  });
  const sliding_window = reader.countOrNull("sliding_window", 4096);
  const type = sliding_window === null ? "full_attention" : "sliding_attention";
  reader.refuseUnless("layer_types", Array(sizes.num_hidden_layers).fill(type));
  return {
    model_type: "mistral",
    ...sizes,
    hidden_act: readActivation(reader, "hidden_act", "silu"),
    rope_parameters: readRopeParameters(reader, { headDim: sizes.head_dim, maxPositions: 131072 }),
    sliding_window,
  };
}

export class MistralAttention extends Module {
  readonly q_proj: nn.Linear;
  readonly k_proj: nn.Linear;
  readonly v_proj: nn.Linear;
  readonly o_proj: nn.Linear;
  readonly scaling: number;

  constructor(
    readonly config: MistralConfig,
    options: nn.LayerOptions,
  ) {
    super();
    const { hidden_size, head_dim, num_attention_heads, num_key_value_heads } = config;
    const linear = { ...options, bias: false };
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

export class MistralDecoderLayer extends Module {
  readonly self_attn: MistralAttention;
  readonly mlp: GatedMLP;
  readonly input_layernorm: nn.RMSNorm;
  readonly post_attention_layernorm: nn.RMSNorm;

  constructor(config: MistralConfig, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.rms_norm_eps };
    const { hidden_size, intermediate_size, hidden_act } = config;
    this.self_attn = new MistralAttention(config, options);
    this.mlp = new GatedMLP(hidden_size, intermediate_size, hidden_act, options);
    this.input_layernorm = new nn.RMSNorm(hidden_size, norm);
    this.post_attention_layernorm = new nn.RMSNorm(hidden_size, norm);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor, position_embeddings: PositionEmbeddings): Tensor {
    const normed = this.input_layernorm.call(hidden_states);
    const [attended] = this.self_attn.call(normed, position_embeddings, attention_mask);
    const middle = hidden_states.add(attended);
    return middle.add(this.mlp.call(this.post_attention_layernorm.call(middle)));
  }
}

/** Mistral without a head. */
export class MistralModel extends Module implements BaseModel {
  readonly embed_tokens: nn.Embedding;
  readonly layers: nn.ModuleList<MistralDecoderLayer>;
  readonly norm: nn.RMSNorm;
  readonly rotary_emb: RotaryEmbedding;

  constructor(
    readonly config: MistralConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.embed_tokens = new nn.Embedding(config.vocab_size, config.hidden_size, options);
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new MistralDecoderLayer(config, options)),
    );
    this.norm = new nn.RMSNorm(config.hidden_size, { ...options, eps: config.rms_norm_eps });
    this.rotary_emb = new RotaryEmbedding(config.rope_parameters, config.head_dim);
  }

  forward(inputs: CausalLMInputs): BaseModelOutput {
    const { input_ids, attention_mask = null } = checkInputs(inputs);
    let hidden_states = this.embed_tokens.call(input_ids);
    const mask = causalMask(input_ids, attention_mask, hidden_states.dtype, this.config.sliding_window);
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
    return mistralAliases("", this.config);
  }
}

/** Mistral with its language-modelling head. */
export class MistralForCausalLM extends Module implements CausalLM {
  readonly model: MistralModel;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: MistralConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.model = new MistralModel(config, options);
    this.lm_head = new nn.Linear(config.hidden_size, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.model.embed_tokens.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.model.call(inputs);
    return { logits: this.lm_head.call(last_hidden_state), ...others };
  }

  nodeAliases(): AliasTable {
    return mistralAliases("model", this.config);
  }
}

function mistralAliases(body: string, config: MistralConfig): AliasTable {
  const layers = { path: "layers", count: config.num_hidden_layers };
  return transformerLensNames(body, layers, LLAMA_OUTSIDE, LLAMA_BLOCK);
}
