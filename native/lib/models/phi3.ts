/** Phi3 with transformers' module names and arithmetic (`modeling_phi3.py`, eager attention): Phi3 with a sliding window. */
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
import { type Activation, activation, readActivation } from "./parts/activations";
import { attend, headsOf, repeatHeads, softmaxInFloat32 } from "./parts/attention";
import { causalMask, positionIds } from "./parts/masks";
import {
  applyPartialRotary,
  type PositionEmbeddings,
  type RopeParameters,
  RotaryEmbedding,
  readRopeParameters,
  rotatedChannels,
} from "./parts/rotary";
import { type DecoderSizes, readSizes, refuseVariants } from "./sizes";
import { LLAMA_BLOCK, LLAMA_OUTSIDE, transformerLensNames } from "./transformerLens";

/** The fields of a Phi3 `config.json` that the computation depends on. */
export interface Phi3Config extends DecoderSizes {
  readonly model_type: "phi3";
  readonly hidden_act: string;
  readonly rope_parameters: RopeParameters;
  /** How many tokens back each one sees, itself included; null for all of them. */
  readonly sliding_window: number | null;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readPhi3Config(reader: ConfigReader): Phi3Config {
  refuseVariants(reader);
  reader.refuseUnless("attention_bias", false);
  reader.refuseUnless("mlp_bias", false);
  const sizes = readSizes(reader, {
    vocab_size: 32064,
    hidden_size: 3072,
    intermediate_size: 8192,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    rms_norm_eps: 1e-5,
  });
  return {
    model_type: "phi3",
    ...sizes,
    hidden_act: readActivation(reader, "hidden_act", "silu"),
    rope_parameters: readRopeParameters(reader, {
      headDim: sizes.head_dim,
      maxPositions: 4096,
      originalPositions: 4096,
      partial: { key: "partial_rotary_factor", fallback: 1 },
      // Early files call it by its working titles.
      types: { default: "default", longrope: "longrope", su: "longrope", yarn: "longrope" },
    }),
    sliding_window: reader.countOrNull("sliding_window", null),
  };
}

export class Phi3Attention extends Module {
  readonly qkv_proj: nn.Linear;
  readonly o_proj: nn.Linear;
  readonly scaling: number;

  constructor(
    readonly config: Phi3Config,
    options: nn.LayerOptions,
  ) {
    super();
    const { hidden_size, head_dim, num_attention_heads, num_key_value_heads } = config;
    const linear = { ...options, bias: false };
    this.qkv_proj = new nn.Linear(
      hidden_size,
      (num_attention_heads + 2 * num_key_value_heads) * head_dim,
      linear,
    );
    this.o_proj = new nn.Linear(num_attention_heads * head_dim, hidden_size, linear);
    this.scaling = head_dim ** -0.5;
  }

  /** hidden_states: [batch, seq, hidden_size] → the same, and the pattern [batch, heads, seq, seq]. */
  forward(
    hidden_states: Tensor,
    position_embeddings: PositionEmbeddings,
    attention_mask: Tensor,
  ): [Tensor, Tensor] {
    const { head_dim, num_attention_heads: heads, num_key_value_heads, rope_parameters } = this.config;
    const sizes = [heads, num_key_value_heads, num_key_value_heads].map((count) => count * head_dim);
    const [query_states, key_states, value_states] = this.qkv_proj
      .call(hidden_states)
      .split_with_sizes(sizes, -1)
      .map((states) => headsOf(states, head_dim));
    const [cos, sin] = position_embeddings.map((angles) => angles.unsqueeze(2));
    const rotated = rotatedChannels(head_dim, rope_parameters);
    const query = applyPartialRotary(query_states, cos, sin, rotated, head_dim).transpose(1, 2);
    const key = applyPartialRotary(key_states, cos, sin, rotated, head_dim).transpose(1, 2);
    const [mix, pattern] = attend(
      query,
      repeatHeads(key, num_key_value_heads, heads, head_dim),
      repeatHeads(value_states.transpose(1, 2), num_key_value_heads, heads, head_dim),
      attention_mask,
      this.scaling,
      softmaxInFloat32,
    );
    return [this.o_proj.call(mix), pattern];
  }
}

export class Phi3MLP extends Module {
  readonly gate_up_proj: nn.Linear;
  readonly down_proj: nn.Linear;
  readonly activation_fn: Activation;

  constructor(config: Phi3Config, options: nn.LayerOptions) {
    super();
    const { hidden_size, intermediate_size } = config;
    const linear = { ...options, bias: false };
    this.gate_up_proj = new nn.Linear(hidden_size, 2 * intermediate_size, linear);
    this.down_proj = new nn.Linear(intermediate_size, hidden_size, linear);
    this.activation_fn = activation(config.hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    const [gate, up_states] = this.gate_up_proj.call(hidden_states).chunk(2, -1);
    return this.down_proj.call(up_states.mul(this.activation_fn.call(gate)));
  }
}

export class Phi3DecoderLayer extends Module {
  readonly self_attn: Phi3Attention;
  readonly mlp: Phi3MLP;
  readonly input_layernorm: nn.RMSNorm;
  readonly post_attention_layernorm: nn.RMSNorm;

  constructor(config: Phi3Config, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.rms_norm_eps };
    const { hidden_size } = config;
    this.self_attn = new Phi3Attention(config, options);
    this.mlp = new Phi3MLP(config, options);
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

/** Phi3 without a head. */
export class Phi3Model extends Module implements BaseModel {
  readonly embed_tokens: nn.Embedding;
  readonly layers: nn.ModuleList<Phi3DecoderLayer>;
  readonly norm: nn.RMSNorm;
  readonly rotary_emb: RotaryEmbedding;

  constructor(
    readonly config: Phi3Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.embed_tokens = new nn.Embedding(config.vocab_size, config.hidden_size, options);
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new Phi3DecoderLayer(config, options)),
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
    return phi3Aliases("", this.config);
  }
}

/** Phi3 with its language-modelling head. */
export class Phi3ForCausalLM extends Module implements CausalLM {
  readonly model: Phi3Model;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: Phi3Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.model = new Phi3Model(config, options);
    this.lm_head = new nn.Linear(config.hidden_size, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.model.embed_tokens.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.model.call(inputs);
    return { logits: this.lm_head.call(last_hidden_state), ...others };
  }

  nodeAliases(): AliasTable {
    return phi3Aliases("model", this.config);
  }
}

function phi3Aliases(body: string, config: Phi3Config): AliasTable {
  const layers = { path: "layers", count: config.num_hidden_layers };
  const isPartial = rotatedChannels(config.head_dim, config.rope_parameters) < config.head_dim;
  return transformerLensNames(body, layers, LLAMA_OUTSIDE, {
    ...LLAMA_BLOCK,
    "attn.hook_q": "self_attn.view",
    "attn.hook_k": "self_attn.view_1",
    "attn.hook_v": "self_attn.view_2",
    "attn.hook_rot_q": isPartial ? "self_attn.cat_1" : "self_attn.add",
    "attn.hook_rot_k": isPartial ? "self_attn.cat_3" : "self_attn.add_1",
    "mlp.hook_pre": "mlp.chunk|sub_0",
    "mlp.gate.hook_out": "mlp.chunk|sub_0",
    "mlp.hook_pre_linear": "mlp.chunk|sub_1",
    "mlp.in.hook_out": "mlp.chunk|sub_1",
  });
}
