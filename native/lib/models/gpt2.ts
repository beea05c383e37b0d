/**
 * GPT-2 with transformers' module names and arithmetic (`modeling_gpt2.py`, eager attention). Models here are always
 * in evaluation mode, so the dropout modules are left out.
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
import { attend, softmax, splitHeads } from "./parts/attention";
import { inDType } from "./parts/dtype";
import { causalMask, positionIds } from "./parts/masks";
import { refuseVariants } from "./sizes";
import { layerNorm, transformerLensNames } from "./transformerLens";

/** The fields of a GPT-2 `config.json` that the computation depends on. */
export interface GPT2Config {
  readonly model_type: "gpt2";
  readonly vocab_size: number;
  readonly n_positions: number;
  readonly n_embd: number;
  readonly n_layer: number;
  readonly n_head: number;
  readonly n_inner: number;
  readonly activation_function: string;
  readonly layer_norm_epsilon: number;
  readonly scale_attn_weights: boolean;
  readonly scale_attn_by_inverse_layer_idx: boolean;
  /** Whether scores and their softmax are computed in float32 whatever the model computes in (Mistral's GPT-2 of Stanford). */
  readonly reorder_and_upcast_attn: boolean;
  readonly tie_word_embeddings: boolean;
}

/** What other architectures call a field, and GPT-2's files may, too. */
const OTHER_NAMES = {
  hidden_size: "n_embd",
  max_position_embeddings: "n_positions",
  num_attention_heads: "n_head",
  num_hidden_layers: "n_layer",
};

/** @throws CorruptFileError naming the field that is missing or wrong. */
export function readGPT2Config(file: ConfigReader): GPT2Config {
  const reader = file.withOtherNames(OTHER_NAMES);
  const n_embd = reader.count("n_embd", 768);
  const n_head = reader.count("n_head", 12);
  if (n_embd % n_head !== 0) reader.fail("n_embd", `is ${n_embd}, not a multiple of the ${n_head} heads`);
  refuseVariants(reader);
  return {
    model_type: "gpt2",
    vocab_size: reader.count("vocab_size", 50257),
    n_positions: reader.count("n_positions", 1024),
    n_embd,
    n_layer: reader.count("n_layer", 12, MAX_LAYERS),
    n_head,
    n_inner: reader.count("n_inner", 4 * n_embd),
    activation_function: readActivation(reader, "activation_function", "gelu_new"),
    layer_norm_epsilon: reader.positive("layer_norm_epsilon", 1e-5),
    scale_attn_weights: reader.flag("scale_attn_weights", true),
    scale_attn_by_inverse_layer_idx: reader.flag("scale_attn_by_inverse_layer_idx", false),
    reorder_and_upcast_attn: reader.flag("reorder_and_upcast_attn", false),
    tie_word_embeddings: reader.flag("tie_word_embeddings", true),
  };
}

export class GPT2Attention extends Module {
  readonly c_attn: nn.Conv1D;
  readonly c_proj: nn.Conv1D;
  readonly headDim: number;
  readonly scaling: number;

  constructor(
    readonly config: GPT2Config,
    layer: number,
    options: nn.LayerOptions,
  ) {
    super();
    const { n_embd, n_head } = config;
    this.headDim = n_embd / n_head;
    const scaling = config.scale_attn_weights ? this.headDim ** -0.5 : 1;
    this.scaling = config.scale_attn_by_inverse_layer_idx ? scaling / (layer + 1) : scaling;
    this.c_attn = new nn.Conv1D(3 * n_embd, n_embd, options);
    this.c_proj = new nn.Conv1D(n_embd, n_embd, options);
  }

  /** hidden_states: [batch, seq, n_embd] → the same, and the pattern [batch, n_head, seq, seq]. */
  forward(hidden_states: Tensor, attention_mask: Tensor): [Tensor, Tensor] {
    const [query, key, value] = this.c_attn
      .call(hidden_states)
      .split(this.config.n_embd, 2)
      .map((states) => splitHeads(states, this.headDim));
    const wide = (states: Tensor): Tensor =>
      this.config.reorder_and_upcast_attn ? inDType(states, "float32") : states;
    const [mix, pattern] = attend(wide(query), wide(key), value, attention_mask, this.scaling, (scores) =>
      inDType(softmax(scores), value.dtype),
    );
    return [this.c_proj.call(mix), pattern];
  }
}

export class GPT2MLP extends Module {
  readonly c_fc: nn.Conv1D;
  readonly c_proj: nn.Conv1D;
  readonly act: Activation;

  constructor(config: GPT2Config, options: nn.LayerOptions) {
    super();
    this.c_fc = new nn.Conv1D(config.n_inner, config.n_embd, options);
    this.c_proj = new nn.Conv1D(config.n_embd, config.n_inner, options);
    this.act = activation(config.activation_function);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.c_proj.call(this.act.call(this.c_fc.call(hidden_states)));
  }
}

export class GPT2Block extends Module {
  readonly ln_1: nn.LayerNorm;
  readonly attn: GPT2Attention;
  readonly ln_2: nn.LayerNorm;
  readonly mlp: GPT2MLP;

  constructor(config: GPT2Config, layer: number, options: nn.LayerOptions) {
    super();
    const norm = { ...options, eps: config.layer_norm_epsilon };
    this.ln_1 = new nn.LayerNorm(config.n_embd, norm);
    this.attn = new GPT2Attention(config, layer, options);
    this.ln_2 = new nn.LayerNorm(config.n_embd, norm);
    this.mlp = new GPT2MLP(config, options);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor): Tensor {
    const [attended] = this.attn.call(this.ln_1.call(hidden_states), attention_mask);
    const middle = attended.add(hidden_states);
    return middle.add(this.mlp.call(this.ln_2.call(middle)));
  }
}

/** GPT-2 without a head. */
export class GPT2Model extends Module implements BaseModel {
  readonly wte: nn.Embedding;
  readonly wpe: nn.Embedding;
  readonly h: nn.ModuleList<GPT2Block>;
  readonly ln_f: nn.LayerNorm;

  constructor(
    readonly config: GPT2Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.wte = new nn.Embedding(config.vocab_size, config.n_embd, options);
    this.wpe = new nn.Embedding(config.n_positions, config.n_embd, options);
    this.h = new nn.ModuleList(
      Array.from({ length: config.n_layer }, (_, layer) => new GPT2Block(config, layer, options)),
    );
    this.ln_f = new nn.LayerNorm(config.n_embd, { ...options, eps: config.layer_norm_epsilon });
  }

  forward(inputs: CausalLMInputs): BaseModelOutput {
    const { input_ids, attention_mask = null } = checkInputs(inputs);
    const position_ids = inputs.position_ids ?? positionIds(input_ids, attention_mask);
    // One row of positions serves all texts; each has its own where one of them is patched.
    const positions = this.wpe.call(position_ids).expand([input_ids.size(0), -1, -1]);
    let hidden_states = this.wte.call(input_ids).add(positions);
    const mask = causalMask(input_ids, attention_mask, hidden_states.dtype);
    const earlier: Tensor[] = [];
    for (const block of this.h) {
      earlier.push(hidden_states);
      hidden_states = block.call(hidden_states, mask);
    }
    return baseModelOutput(inputs, earlier, this.ln_f.call(hidden_states));
  }

  nodeAliases(): AliasTable {
    return gpt2Aliases("", this.config);
  }
}

/** GPT-2 with its language-modelling head, which shares its weight with the token embedding. */
export class GPT2LMHeadModel extends Module implements CausalLM {
  readonly transformer: GPT2Model;
  readonly lm_head: nn.Linear;

  constructor(
    readonly config: GPT2Config,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.transformer = new GPT2Model(config, options);
    this.lm_head = new nn.Linear(config.n_embd, config.vocab_size, { ...options, bias: false });
    if (config.tie_word_embeddings) this.lm_head.registerParameter("weight", this.transformer.wte.weight);
  }

  forward(inputs: CausalLMInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.transformer.call(inputs);
    return { logits: this.lm_head.call(last_hidden_state), ...others };
  }

  nodeAliases(): AliasTable {
    return gpt2Aliases("transformer", this.config);
  }
}

function gpt2Aliases(body: string, config: GPT2Config): AliasTable {
  return transformerLensNames(
    body,
    { path: "h", count: config.n_layer },
    {
      hook_embed: "wte.output",
      hook_pos_embed: "expand",
      ...layerNorm("ln_final", "ln_f"),
    },
    {
      hook_resid_pre: "hidden_states",
      ...layerNorm("ln1", "ln_1"),
      "attn.hook_in": "attn.hidden_states",
      "attn.hook_q": "attn.view",
      "attn.hook_k": "attn.view_1",
      "attn.hook_v": "attn.view_2",
      "attn.hook_attn_scores": "attn.add",
      // In half precision queries and keys are brought to float32, and the pattern back.
      "attn.hook_pattern": config.reorder_and_upcast_attn ? ["attn.to_2", "attn.softmax"] : "attn.softmax",
      "attn.hook_z": "attn.transpose_4",
      "attn.o.hook_out": "attn.c_proj.output",
      "attn.hook_out": "attn.output|sub_0",
      hook_attn_out: "attn.output|sub_0",
      hook_resid_mid: "add",
      hook_mlp_in: "ln_2.input",
      ...layerNorm("ln2", "ln_2"),
      "mlp.hook_in": "mlp.hidden_states",
      "mlp.hook_pre": "mlp.c_fc.output",
      "mlp.hook_post": "mlp.act.output",
      "mlp.out.hook_out": "mlp.c_proj.output",
      "mlp.hook_out": "mlp.output",
      hook_mlp_out: "mlp.output",
      hook_resid_post: "output",
    },
  );
}
