export type { Task, Tasks } from "./architectures";
export {
  AutoClass,
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  type FromPretrainedOptions,
  type LoadProgress,
} from "./auto";
export { type BertConfig, BertForMaskedLM, BertModel } from "./bert";
export { type GemmaConfig, GemmaForCausalLM, GemmaModel } from "./gemma";
export { type Gemma2Config, Gemma2ForCausalLM, Gemma2Model } from "./gemma2";
export { Gemma3ForCausalLM, type Gemma3TextConfig, Gemma3TextModel } from "./gemma3";
export { GPT2Attention, GPT2Block, type GPT2Config, GPT2LMHeadModel, GPT2MLP, GPT2Model } from "./gpt2";
export { type GPTNeoXConfig, GPTNeoXForCausalLM, GPTNeoXModel } from "./gptNeoX";
export type {
  BaseModel,
  BaseModelOutput,
  CausalLM,
  CausalLMInputs,
  CausalLMOutput,
  EncoderInputs,
  MaskedLM,
} from "./interfaces";
export type { LayerType } from "./layerTypes";
export { LlamaAttention, type LlamaConfig, LlamaDecoderLayer, LlamaForCausalLM, LlamaModel } from "./llama";
export { type MistralConfig, MistralForCausalLM, MistralModel } from "./mistral";
export { type OPTConfig, OPTForCausalLM, OPTModel } from "./opt";
export { NewGELUActivation, QuickGELUActivation } from "./parts/activations";
export { GatedMLP } from "./parts/gatedMlp";
export type { RopeParameters } from "./parts/rotary";
export { type Phi3Config, Phi3ForCausalLM, Phi3Model } from "./phi3";
export { type Qwen2Config, Qwen2ForCausalLM, Qwen2Model } from "./qwen2";
export { type Qwen3Config, Qwen3ForCausalLM, Qwen3Model } from "./qwen3";
export type { Int8Options, ModelDType, WeightOptions } from "./weightForm";
