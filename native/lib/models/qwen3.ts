/**
 * Qwen3 with transformers' module names and arithmetic (`modeling_qwen3.py`, eager attention): Qwen3 with biases on query,
 * key and value, and with layers that look back over a window.
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
import { type LayerType, readQwenWindow } from "./layerTypes";
import { readActivation } from "./parts/activations";
import { attend, headsOf, repeatHeads, softmaxInFloat32, splitHeads } from "./parts/attention";
import { GatedMLP } from "./parts/gatedMlp";
import { causalMasks, positionIds } from "./parts/masks";
import {
  applyRotary,
  type PositionEmbeddings,
  type RopeParameters,
  RotaryEmbedding,
  readRopeParameters,
} from "./parts/rotary";
import { type DecoderSizes, readSizes, refuseVariants } from "./sizes";
import { LLAMA_BLOCK, LLAMA_OUTSIDE, transformerLensNames } from "./transformerLens";

/** The fields of a Qwen3 `config.json` that the computation depends on. */
export interface Qwen3Config extends DecoderSizes {
  readonly model_type: "qwen3";
  readonly hidden_act: string;
  readonly rope_parameters: RopeParameters;
  readonly attention_bias: boolean;
  readonly layer_types: readonly LayerType[];
  /** How many tokens back those of a sliding layer see, themselves included; null if there are no such layers. */
  readonly sliding_window: number | null;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readQwen3Config(reader: ConfigReader): Qwen3Config {
  refuseVariants(reader);
  reader.refuseUnless("mlp_bias", false);
  const sizes = readSizes(reader, {
    vocab_size: 151936,
    hidden_size: 4096,
    intermediate_size: 22016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    head_dim: 128,
  });
  return {
    model_type: "qwen3",
    ...sizes,
    hidden_act: readActivation(reader, "hidden_act", "silu"),
    rope_parameters: readRopeParameters(reader, { headDim: sizes.head_dim, maxPositions: 32768 }),
    attention_bias: reader.flag("attention_bias", false),
    ...readQwenWindow(reader, sizes.num_hidden_layers),
  };
}

export class Qwen3Attention extends Module {
  readonly q_proj: nn.Linear;
  readonly k_proj: nn.Linear;
  readonly v_proj: nn.Linear;
  readonly o_proj: nn.Linear;
  readonly q_norm: nn.RMSNorm;
  readonly k_norm: nn.RMSNorm;
  readonly scaling: number;

  constructor(
    readonly config: Qwen3Config,
    options: nn.LayerOptions,
  ) {
    super();
    const { hidden_size, head_dim, num_attention_heads, num_key_value_heads } = config;
    const linear = { ...options, bias: config.attention_bias };
    this.q_proj = new nn.Linear(hidden_size, num_attention_heads * head_dim, linear);
    this.k_proj = new nn.Linear(hidden_size, num_key_value_heads * head_dim, linear);
    this.v_proj = new nn.Linear(hidden_size, num_key_value_heads * head_dim, linear);
    this.o_proj = new nn.Linear(num_attention_heads * head_dim, hidden_size, linear);
    this.q_norm = new nn.RMSNorm(head_dim, { ...options, eps: config.rms_norm_eps });
    this.k_norm = new nn.RMSNorm(head_dim, { ...options, eps: config.rms_norm_eps });
    this.scaling = head_dim ** -0.5;
  }

  /** hidden_states: [batch, seq, hidden_size] → the same, and the pattern [batch, heads, seq, seq]. */
  forward(
    hidden_states: Tensor,
    position_embeddings: PositionEmbeddings,
    attention_mask: Tensor,
  ): [Tensor, Tensor] {
    const { head_dim, num_attention_heads: heads, num_key_value_heads } = this.config;
    const query_states = this.q_norm.call(headsOf(this.q_proj.call(hidden_states), head_dim));
    const key_states = this.k_norm.call(headsOf(this.k_proj.call(hidden_states), head_dim));
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

export class Qwen3DecoderLayer extends Module {
  readonly self_attn: Qwen3Attention;
  readonly mlp: GatedMLP;
  readonly input_layernorm: nn.RMSNorm;
  readonly post_attention_layernorm: nn.RMSNorm;

  constructor(config: Qwen3Config, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.rms_norm_eps };
    const { hidden_size, intermediate_size, hidden_act } = config;
    this.self_attn = new Qwen3Attention(config, options);
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

/** Qwen3 without a head. */
export class Qwen3Model extends Module implements BaseModel {
  readonly embed_tokens: nn.Embedding;
  readonly layers: nn.ModuleList<Qwen3DecoderLayer>;
  readonly norm: nn.RMSNorm;
  readonly rotary_emb: RotaryEmbedding;

  constructor(
    readonly config: Qwen3Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.embed_tokens = new nn.Embedding(config.vocab_size, config.hidden_size, options);
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new Qwen3DecoderLayer(config, options)),
    );
    this.norm = new nn.RMSNorm(config.hidden_size, { ...options, eps: config.rms_norm_eps });
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
    return qwen3Aliases("", this.config);
  }
}

/** Qwen3 with its language-modelling head. */
export class Qwen3ForCausalLM extends Module implements CausalLM {
  readonly model: Qwen3Model;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: Qwen3Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.model = new Qwen3Model(config, options);
    this.lm_head = new nn.Linear(config.hidden_size, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.model.embed_tokens.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.model.call(inputs);
    return { logits: this.lm_head.call(last_hidden_state), ...others };
  }

  nodeAliases(): AliasTable {
    return qwen3Aliases("model", this.config);
  }
}

function qwen3Aliases(body: string, config: Qwen3Config): AliasTable {
  const layers = { path: "layers", count: config.num_hidden_layers };
  return transformerLensNames(body, layers, LLAMA_OUTSIDE, LLAMA_BLOCK);
}
