import { UnknownArchitectureError } from "../errors";
import type { LayerOptions } from "../nn";
import { BertForMaskedLM, BertModel, readBertConfig } from "./bert";
import { type ConfigReader, OTHER_DOOR, shown } from "./configReader";
import { GemmaForCausalLM, GemmaModel, readGemmaConfig } from "./gemma";
import { Gemma2ForCausalLM, Gemma2Model, readGemma2Config } from "./gemma2";
import { Gemma3ForCausalLM, Gemma3TextModel, readGemma3Config, readGemma3TextConfig } from "./gemma3";
import { GPT2LMHeadModel, GPT2Model, readGPT2Config } from "./gpt2";
import { GPTNeoXForCausalLM, GPTNeoXModel, readGPTNeoXConfig } from "./gptNeoX";
import type { BaseModel, CausalLM, MaskedLM } from "./interfaces";
import { LlamaForCausalLM, LlamaModel, readLlamaConfig } from "./llama";
import { MistralForCausalLM, MistralModel, readMistralConfig } from "./mistral";
import { OPTForCausalLM, OPTModel, readOPTConfig } from "./opt";
import { Phi3ForCausalLM, Phi3Model, readPhi3Config } from "./phi3";
import { Qwen2ForCausalLM, Qwen2Model, readQwen2Config } from "./qwen2";
import { Qwen3ForCausalLM, Qwen3Model, readQwen3Config } from "./qwen3";

/** What a model is loaded for: its values alone, or a head on them. */
export interface Tasks {
  base: BaseModel;
  causalLM: CausalLM;
  maskedLM: MaskedLM;
}

export type Task = keyof Tasks;

/** How a model is made for a task. */
export interface Build<M> {
  /**
   * Makes the model; with `device: "meta"` its parameters have no values yet.
   * @param weights names in the file, where there is one
   */
  make(config: ConfigReader, options: LayerOptions, weights?: readonly string[]): M;
  /** Weights that the model leaves in the file: those of other heads. */
  readonly unused?: RegExp;
}

/** What loading has to know of an architecture. */
export interface Architecture {
  readonly tasks: { readonly [T in Task]?: Build<Tasks[T]> };
  /** The body's name in the model with its head (transformers' `base_model_prefix`); files may leave it out. */
  readonly baseName: string;
  /** Names that old files hold and that the model computes itself. */
  readonly ignored: RegExp;
  /** Other names that files have for weights: what matches becomes the second. */
  readonly renamed?: readonly (readonly [RegExp, string])[];
}

type Constructor<C, M> = new (config: C, options: LayerOptions) => M;

/** A decoder whose head is `lm_head`. */
function decoder<C>(
  read: (reader: ConfigReader) => C,
  body: Constructor<C, BaseModel>,
  withHead: Constructor<C, CausalLM>,
  names: Omit<Architecture, "tasks">,
): Architecture {
  return {
    tasks: {
      base: { make: (reader, options) => new body(read(reader), options), unused: /^(?:lm_head|score)\./ },
      causalLM: { make: (reader, options) => new withHead(read(reader), options) },
    },
    ...names,
  };
}

const LLAMA_NAMES = { baseName: "model", ignored: /rotary_emb\.inv_freq$/ };

const BERT: Architecture = {
  tasks: {
    base: {
      make: (reader, options, weights) =>
        new BertModel(readBertConfig(reader), {
          ...options,
          addPoolingLayer: weights?.some((name) => name.endsWith("pooler.dense.weight")) ?? true,
        }),
      unused: /^(?:cls|classifier|qa_outputs)\./,
    },
    maskedLM: {
      make: (reader, options) => new BertForMaskedLM(readBertConfig(reader), options),
      unused: /^(?:bert\.)?pooler\.|^cls\.seq_relationship\./,
    },
  },
  baseName: "bert",
  ignored: /embeddings\.position_ids$/,
  renamed: [
    [/LayerNorm\.gamma$/, "LayerNorm.weight"],
    [/LayerNorm\.beta$/, "LayerNorm.bias"],
  ],
};

/** The text part of a Gemma 3 that takes images, too; its files name it otherwise. */
const GEMMA3_WITH_IMAGES = decoder(readGemma3Config, Gemma3TextModel, Gemma3ForCausalLM, {
  baseName: "model",
  ignored: /^(?:model\.)?(?:vision_tower|multi_modal_projector)\./,
  renamed: [
    [/^language_model\.lm_head\./, "lm_head."],
    [/^(?:model\.language_model|language_model\.model)\./, "model."],
  ],
});

const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map<string, Architecture>([
  [
    "gpt2",
    decoder(readGPT2Config, GPT2Model, GPT2LMHeadModel, {
      baseName: "transformer",
      ignored: /\.attn\.(?:bias|masked_bias)$/,
    }),
  ],
  ["llama", decoder(readLlamaConfig, LlamaModel, LlamaForCausalLM, LLAMA_NAMES)],
  ["mistral", decoder(readMistralConfig, MistralModel, MistralForCausalLM, LLAMA_NAMES)],
  ["qwen2", decoder(readQwen2Config, Qwen2Model, Qwen2ForCausalLM, LLAMA_NAMES)],
  ["qwen3", decoder(readQwen3Config, Qwen3Model, Qwen3ForCausalLM, LLAMA_NAMES)],
  ["gemma", decoder(readGemmaConfig, GemmaModel, GemmaForCausalLM, LLAMA_NAMES)],
  ["gemma2", decoder(readGemma2Config, Gemma2Model, Gemma2ForCausalLM, LLAMA_NAMES)],
  ["gemma3_text", decoder(readGemma3TextConfig, Gemma3TextModel, Gemma3ForCausalLM, LLAMA_NAMES)],
  ["gemma3", GEMMA3_WITH_IMAGES],
  ["phi3", decoder(readPhi3Config, Phi3Model, Phi3ForCausalLM, LLAMA_NAMES)],
  [
    "gpt_neox",
    decoder(readGPTNeoXConfig, GPTNeoXModel, GPTNeoXForCausalLM, {
      baseName: "gpt_neox",
      ignored: /\.attention\.(?:bias|masked_bias|rotary_emb\.inv_freq)$/,
      renamed: [[/^embed_out\./, "lm_head."]],
    }),
  ],
  ["opt", decoder(readOPTConfig, OPTModel, OPTForCausalLM, { baseName: "model", ignored: /(?!)/ })],
  ["bert", BERT],
]);

/**
 * @param name a configuration's `model_type`
 * @param source where it was found, for the message
 * @throws UnknownArchitectureError listing the known ones and saying what works for the others.
 */
export function architecture(name: string, source: string): Architecture {
  const found = ARCHITECTURES.get(name);
  if (found) return found;
  const known = [...ARCHITECTURES.keys()].join(", ");
  throw new UnknownArchitectureError(
    `${source} is of the architecture ${shown(name)}; known are ${known}. ${OTHER_DOOR}`,
  );
}

/** How a model of the architecture `name` is made for `task`. @throws UnknownArchitectureError if it has no such head. */
export function buildFor<T extends Task>(task: T, name: string, source: string): Build<Tasks[T]> {
  const { tasks } = architecture(name, source);
  const build = tasks[task];
  if (build) return build;
  const classes: Record<Task, string> = {
    base: "AutoModel",
    causalLM: "AutoModelForCausalLM",
    maskedLM: "AutoModelForMaskedLM",
  };
  const others = (Object.keys(tasks) as Task[]).map((other) => classes[other]).join(" or ");
  throw new UnknownArchitectureError(
    `${source} is of the architecture "${name}", which ${classes[task]} does not have; load it with ${others}`,
  );
}
