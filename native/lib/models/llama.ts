/** Llama with transformers' module names and arithmetic (`modeling_llama.py`, eager attention). */
import * as nn from "../nn";
import { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { type Activation, activation } from "./activations";
import { attend, splitHeads } from "./attention";
import type { CausalLM, CausalLMInputs, CausalLMOutput } from "./causalLM";
import { type ConfigReader, MAX_HEAD_DIM, MAX_LAYERS } from "./configReader";
import { causalMask, positionIds } from "./masks";
import { applyRotary, type RopeParameters, RotaryEmbedding, readRopeParameters } from "./rotary";

/** The fields of a Llama `config.json` that the computation depends on. */
export interface LlamaConfig {
  readonly model_type: "llama";
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly hidden_act: string;
  readonly rms_norm_eps: number;
  readonly rope_parameters: RopeParameters;
  readonly attention_bias: boolean;
  readonly mlp_bias: boolean;
  readonly tie_word_embeddings: boolean;
}

/** @throws CorruptFileError naming the field that is missing or wrong. */
export function readLlamaConfig(reader: ConfigReader): LlamaConfig {
  const hidden_size = reader.count("hidden_size", 4096);
  const heads = reader.count("num_attention_heads", 32);
  const keyValueHeads = reader.count("num_key_value_heads", heads);
  if (heads % keyValueHeads !== 0) {
    reader.fail("num_attention_heads", `is ${heads}, not a multiple of the ${keyValueHeads} key-value heads`);
  }
  const head_dim = reader.count("head_dim", Math.floor(hidden_size / heads) || 1, MAX_HEAD_DIM);
  if (head_dim % 2 !== 0) reader.fail("head_dim", `is ${head_dim}; rotary embedding needs an even number`);
  return {
    model_type: "llama",
    vocab_size: reader.count("vocab_size", 32000),
    hidden_size,
    intermediate_size: reader.count("intermediate_size", 11008),
    num_hidden_layers: reader.count("num_hidden_layers", 32, MAX_LAYERS),
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim,
    hidden_act: reader.text("hidden_act", "silu"),
    rms_norm_eps: reader.positive("rms_norm_eps", 1e-6),
    rope_parameters: readRopeParameters(reader),
    attention_bias: reader.flag("attention_bias", false),
    mlp_bias: reader.flag("mlp_bias", false),
    tie_word_embeddings: reader.flag("tie_word_embeddings", false),
  };
}

/** Softmax in float32, then back: half precision would lose the small weights. */
function softmaxInFloat32(scores: Tensor): Tensor {
  const dtype = scores.dtype;
  return dtype === "float32" ? torch.softmax(scores, -1) : torch.softmax(scores, -1, "float32").to(dtype);
}

/** Each key-value head once for every query head that uses it: [batch, kv, seq, d] → [batch, kv * times, seq, d]. */
function repeatHeads(states: Tensor, times: number, heads: number, headDim: number): Tensor {
  if (times === 1) return states;
  const [batch, seq] = [states.size(0), states.size(2)];
  const repeated = states.unsqueeze(2).expand([batch, heads / times, times, seq, headDim]);
  return repeated.reshape([batch, heads, seq, headDim]);
}

export class LlamaAttention extends Module {
  readonly q_proj: nn.Linear;
  readonly k_proj: nn.Linear;
  readonly v_proj: nn.Linear;
  readonly o_proj: nn.Linear;
  readonly scaling: number;

  constructor(
    readonly config: LlamaConfig,
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
    position_embeddings: [Tensor, Tensor],
    attention_mask: Tensor,
  ): [Tensor, Tensor] {
    const { head_dim, num_attention_heads: heads, num_key_value_heads } = this.config;
    const query_states = splitHeads(this.q_proj.call(hidden_states), head_dim);
    const key_states = splitHeads(this.k_proj.call(hidden_states), head_dim);
    const value_states = splitHeads(this.v_proj.call(hidden_states), head_dim);
    const [cos, sin] = position_embeddings.map((angles) => angles.unsqueeze(1));
    const query = applyRotary(query_states, cos, sin, head_dim);
    const key = applyRotary(key_states, cos, sin, head_dim);
    const times = heads / num_key_value_heads;
    const [mix, pattern] = attend(
      query,
      repeatHeads(key, times, heads, head_dim),
      repeatHeads(value_states, times, heads, head_dim),
      attention_mask,
      this.scaling,
      softmaxInFloat32,
    );
    return [this.o_proj.call(mix), pattern];
  }
}

export class LlamaMLP extends Module {
  readonly gate_proj: nn.Linear;
  readonly up_proj: nn.Linear;
  readonly down_proj: nn.Linear;
  readonly act_fn: Activation;

  constructor(config: LlamaConfig, options: nn.LayerOptions) {
    super();
    const { hidden_size, intermediate_size } = config;
    const linear = { ...options, bias: config.mlp_bias };
    this.gate_proj = new nn.Linear(hidden_size, intermediate_size, linear);
    this.up_proj = new nn.Linear(hidden_size, intermediate_size, linear);
    this.down_proj = new nn.Linear(intermediate_size, hidden_size, linear);
    this.act_fn = activation(config.hidden_act);
  }

  forward(x: Tensor): Tensor {
    const gate = this.act_fn.call(this.gate_proj.call(x));
    return this.down_proj.call(gate.mul(this.up_proj.call(x)));
  }
}

export class LlamaDecoderLayer extends Module {
  readonly self_attn: LlamaAttention;
  readonly mlp: LlamaMLP;
  readonly input_layernorm: nn.RMSNorm;
  readonly post_attention_layernorm: nn.RMSNorm;

  constructor(config: LlamaConfig, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.rms_norm_eps };
    this.self_attn = new LlamaAttention(config, options);
    this.mlp = new LlamaMLP(config, options);
    this.input_layernorm = new nn.RMSNorm(config.hidden_size, norm);
    this.post_attention_layernorm = new nn.RMSNorm(config.hidden_size, norm);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor, position_embeddings: [Tensor, Tensor]): Tensor {
    const normed = this.input_layernorm.call(hidden_states);
    const [attended] = this.self_attn.call(normed, position_embeddings, attention_mask);
    const middle = hidden_states.add(attended);
    return middle.add(this.mlp.call(this.post_attention_layernorm.call(middle)));
  }
}

export class LlamaModel extends Module {
  readonly embed_tokens: nn.Embedding;
  readonly layers: nn.ModuleList<LlamaDecoderLayer>;
  readonly norm: nn.RMSNorm;
  readonly rotary_emb: RotaryEmbedding;

  constructor(config: LlamaConfig, options: nn.LayerOptions) {
    super();
    this.embed_tokens = new nn.Embedding(config.vocab_size, config.hidden_size, options);
    this.layers = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new LlamaDecoderLayer(config, options)),
    );
    this.norm = new nn.RMSNorm(config.hidden_size, { ...options, eps: config.rms_norm_eps });
    this.rotary_emb = new RotaryEmbedding(config.rope_parameters, config.head_dim);
  }

  /** input_ids: [batch, seq] int64 → [batch, seq, hidden_size]. */
  forward(input_ids: Tensor, attention_mask: Tensor | null): Tensor {
    let hidden_states = this.embed_tokens.call(input_ids);
    const mask = causalMask(input_ids, attention_mask, hidden_states.dtype);
    const position_ids = positionIds(input_ids, attention_mask);
    const position_embeddings = this.rotary_emb.call(position_ids, hidden_states.dtype);
    for (const layer of this.layers) hidden_states = layer.call(hidden_states, mask, position_embeddings);
    return this.norm.call(hidden_states);
  }
}

/** Llama with its language-modelling head. */
export class LlamaForCausalLM extends Module implements CausalLM {
  readonly model: LlamaModel;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: LlamaConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.model = new LlamaModel(config, options);
    this.lm_head = new nn.Linear(config.hidden_size, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.model.embed_tokens.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const hidden_states = this.model.call(inputs.input_ids, inputs.attention_mask ?? null);
    return { logits: this.lm_head.call(hidden_states) };
  }
}
