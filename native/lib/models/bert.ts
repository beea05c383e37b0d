/**
 * BERT with transformers' module names and arithmetic (`modeling_bert.py`, eager attention): an encoder whose tokens see the
 * whole text. Dropout modules are left out.
 *
 * A module that transformers calls `output` has the node name of its parent's output: the block's own output is
 * `encoder.layer_0.output`, that of its last part `encoder.layer_0.output.output`.
 */
import * as nn from "../nn";
import { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { type ConfigReader, MAX_LAYERS } from "./configReader";
import {
  type BaseModel,
  type BaseModelOutput,
  type CausalLMOutput,
  checkInputs,
  type EncoderInputs,
  type MaskedLM,
} from "./interfaces";
import { type Activation, activation, readActivation } from "./parts/activations";
import { attend, softmax, splitHeads } from "./parts/attention";
import { paddingMask, positionIds } from "./parts/masks";
import { refuseVariants } from "./sizes";

/** The fields of a BERT `config.json` that the computation depends on. */
export interface BertConfig {
  readonly model_type: "bert";
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly hidden_act: string;
  readonly layer_norm_eps: number;
  readonly tie_word_embeddings: boolean;
}

/** @throws CorruptFileError, UnknownArchitectureError naming the field that is missing, wrong or not implemented. */
export function readBertConfig(reader: ConfigReader): BertConfig {
  refuseVariants(reader);
  reader.refuseUnless("is_decoder", false);
  reader.refuseUnless("position_embedding_type", "absolute");
  const hidden_size = reader.count("hidden_size", 768);
  const heads = reader.count("num_attention_heads", 12);
  if (hidden_size % heads !== 0) {
    reader.fail("hidden_size", `is ${hidden_size}, not a multiple of the ${heads} heads`);
  }
  return {
    model_type: "bert",
    vocab_size: reader.count("vocab_size", 30522),
    hidden_size,
    intermediate_size: reader.count("intermediate_size", 3072),
    num_hidden_layers: reader.count("num_hidden_layers", 12, MAX_LAYERS),
    num_attention_heads: heads,
    max_position_embeddings: reader.count("max_position_embeddings", 512),
    type_vocab_size: reader.count("type_vocab_size", 2),
    hidden_act: readActivation(reader, "hidden_act", "gelu"),
    layer_norm_eps: reader.positive("layer_norm_eps", 1e-12),
    tie_word_embeddings: reader.flag("tie_word_embeddings", true),
  };
}

export class BertEmbeddings extends Module {
  readonly word_embeddings: nn.Embedding;
  readonly position_embeddings: nn.Embedding;
  readonly token_type_embeddings: nn.Embedding;
  readonly LayerNorm: nn.LayerNorm;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    const { hidden_size } = config;
    this.word_embeddings = new nn.Embedding(config.vocab_size, hidden_size, options);
    this.position_embeddings = new nn.Embedding(config.max_position_embeddings, hidden_size, options);
    this.token_type_embeddings = new nn.Embedding(config.type_vocab_size, hidden_size, options);
    this.LayerNorm = new nn.LayerNorm(hidden_size, { ...options, eps: config.layer_norm_eps });
  }

  /** Three of [batch, seq] int64 → [batch, seq, hidden_size]. */
  forward(input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor): Tensor {
    const words = this.word_embeddings.call(input_ids);
    const types = this.token_type_embeddings.call(token_type_ids);
    const positions = this.position_embeddings.call(position_ids);
    return this.LayerNorm.call(words.add(types).add(positions));
  }
}

export class BertSelfAttention extends Module {
  readonly query: nn.Linear;
  readonly key: nn.Linear;
  readonly value: nn.Linear;
  readonly headDim: number;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    const { hidden_size } = config;
    this.headDim = hidden_size / config.num_attention_heads;
    this.query = new nn.Linear(hidden_size, hidden_size, options);
    this.key = new nn.Linear(hidden_size, hidden_size, options);
    this.value = new nn.Linear(hidden_size, hidden_size, options);
  }

  /** hidden_states: [batch, seq, hidden_size] → the same, and the pattern [batch, heads, seq, seq]. */
  forward(hidden_states: Tensor, attention_mask: Tensor | null): [Tensor, Tensor] {
    const query = splitHeads(this.query.call(hidden_states), this.headDim);
    const key = splitHeads(this.key.call(hidden_states), this.headDim);
    const value = splitHeads(this.value.call(hidden_states), this.headDim);
    return attend(query, key, value, attention_mask, this.headDim ** -0.5, softmax);
  }
}

/** A linear layer, what went around it added, and a norm: how both halves of a block end (`BertSelfOutput`, `BertOutput`). */
export class BertOutput extends Module {
  readonly dense: nn.Linear;
  readonly LayerNorm: nn.LayerNorm;

  constructor(width: number, config: BertConfig, options: nn.LayerOptions) {
    super();
    this.dense = new nn.Linear(width, config.hidden_size, options);
    this.LayerNorm = new nn.LayerNorm(config.hidden_size, { ...options, eps: config.layer_norm_eps });
  }

  forward(hidden_states: Tensor, input_tensor: Tensor): Tensor {
    return this.LayerNorm.call(this.dense.call(hidden_states).add(input_tensor));
  }
}

export class BertAttention extends Module {
  readonly self: BertSelfAttention;
  readonly output: BertOutput;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.self = new BertSelfAttention(config, options);
    this.output = new BertOutput(config.hidden_size, config, options);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor | null): [Tensor, Tensor] {
    const [mix, pattern] = this.self.call(hidden_states, attention_mask);
    return [this.output.call(mix, hidden_states), pattern];
  }
}

export class BertIntermediate extends Module {
  readonly dense: nn.Linear;
  readonly intermediate_act_fn: Activation;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.dense = new nn.Linear(config.hidden_size, config.intermediate_size, options);
    this.intermediate_act_fn = activation(config.hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.intermediate_act_fn.call(this.dense.call(hidden_states));
  }
}

export class BertLayer extends Module {
  readonly attention: BertAttention;
  readonly intermediate: BertIntermediate;
  readonly output: BertOutput;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.attention = new BertAttention(config, options);
    this.intermediate = new BertIntermediate(config, options);
    this.output = new BertOutput(config.intermediate_size, config, options);
  }

  forward(hidden_states: Tensor, attention_mask: Tensor | null): Tensor {
    const [attended] = this.attention.call(hidden_states, attention_mask);
    return this.output.call(this.intermediate.call(attended), attended);
  }
}

export class BertEncoder extends Module {
  readonly layer: nn.ModuleList<BertLayer>;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.layer = new nn.ModuleList(
      Array.from({ length: config.num_hidden_layers }, () => new BertLayer(config, options)),
    );
  }

  forward(
    hidden_states: Tensor,
    attention_mask: Tensor | null,
    output_hidden_states: boolean,
  ): BaseModelOutput {
    const states = [hidden_states];
    let last_hidden_state = hidden_states;
    for (const layer of this.layer) {
      last_hidden_state = layer.call(last_hidden_state, attention_mask);
      states.push(last_hidden_state);
    }
    return output_hidden_states ? { last_hidden_state, hidden_states: states } : { last_hidden_state };
  }
}

/** A summary of the text from its first token. */
export class BertPooler extends Module {
  readonly dense: nn.Linear;
  readonly activation: nn.Tanh;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.dense = new nn.Linear(config.hidden_size, config.hidden_size, options);
    this.activation = new nn.Tanh();
  }

  /** [batch, seq, hidden_size] → [batch, hidden_size]. */
  forward(hidden_states: Tensor): Tensor {
    return this.activation.call(this.dense.call(hidden_states.select(1, 0)));
  }
}

/** BERT without a head, but with its pooler unless that is turned off. */
export class BertModel extends Module implements BaseModel {
  readonly embeddings: BertEmbeddings;
  readonly encoder: BertEncoder;
  readonly pooler: BertPooler | null;

  constructor(
    readonly config: BertConfig,
    options: nn.LayerOptions & { addPoolingLayer?: boolean } = {},
  ) {
    super();
    const { addPoolingLayer = true, ...place } = options;
    this.embeddings = new BertEmbeddings(config, place);
    this.encoder = new BertEncoder(config, place);
    this.pooler = addPoolingLayer ? new BertPooler(config, place) : null;
  }

  forward(inputs: EncoderInputs): BaseModelOutput {
    const { input_ids, attention_mask = null } = checkInputs(inputs, "token_type_ids");
    const position_ids = inputs.position_ids ?? positionIds(input_ids, attention_mask);
    const token_type_ids = inputs.token_type_ids ?? torch.zeros_like(input_ids);
    const embedded = this.embeddings.call(input_ids, token_type_ids, position_ids);
    const mask = paddingMask(attention_mask, embedded.dtype);
    const encoded = this.encoder.call(embedded, mask, inputs.output_hidden_states ?? false);
    return this.pooler ? { ...encoded, pooler_output: this.pooler.call(encoded.last_hidden_state) } : encoded;
  }
}

export class BertPredictionHeadTransform extends Module {
  readonly dense: nn.Linear;
  readonly transform_act_fn: Activation;
  readonly LayerNorm: nn.LayerNorm;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.dense = new nn.Linear(config.hidden_size, config.hidden_size, options);
    this.transform_act_fn = activation(config.hidden_act);
    this.LayerNorm = new nn.LayerNorm(config.hidden_size, { ...options, eps: config.layer_norm_eps });
  }

  forward(hidden_states: Tensor): Tensor {
    return this.LayerNorm.call(this.transform_act_fn.call(this.dense.call(hidden_states)));
  }
}

export class BertLMPredictionHead extends Module {
  declare readonly bias: Tensor;
  readonly transform: BertPredictionHeadTransform;
  readonly decoder: nn.Linear;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.transform = new BertPredictionHeadTransform(config, options);
    this.decoder = new nn.Linear(config.hidden_size, config.vocab_size, options);
    // Files have the bias by either name.
    this.registerParameter("bias", this.decoder.bias);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.decoder.call(this.transform.call(hidden_states));
  }
}

export class BertOnlyMLMHead extends Module {
  readonly predictions: BertLMPredictionHead;

  constructor(config: BertConfig, options: nn.LayerOptions) {
    super();
    this.predictions = new BertLMPredictionHead(config, options);
  }

  /** [batch, seq, hidden_size] → [batch, seq, vocab_size]. */
  forward(sequence_output: Tensor): Tensor {
    return this.predictions.call(sequence_output);
  }
}

/** BERT with its masked-language-modelling head, which shares its weight with the token embedding. */
export class BertForMaskedLM extends Module implements MaskedLM {
  readonly bert: BertModel;
  readonly cls: BertOnlyMLMHead;

  constructor(
    readonly config: BertConfig,
    options: nn.LayerOptions = {},
  ) {
    super();
    this.bert = new BertModel(config, { ...options, addPoolingLayer: false });
    this.cls = new BertOnlyMLMHead(config, options);
    if (config.tie_word_embeddings) {
      const { weight } = this.bert.embeddings.word_embeddings;
      this.cls.predictions.decoder.registerParameter("weight", weight);
    }
  }

  forward(inputs: EncoderInputs): CausalLMOutput {
    const { last_hidden_state, ...others } = this.bert.call(inputs);
    return { logits: this.cls.call(last_hidden_state), ...others };
  }
}
