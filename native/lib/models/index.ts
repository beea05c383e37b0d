export { NewGELUActivation, QuickGELUActivation } from "./activations";
export { AutoModelForCausalLM, type FromPretrainedOptions, type ModelDType } from "./auto";
export type { CausalLM, CausalLMInputs, CausalLMOutput } from "./causalLM";
export { GPT2Attention, GPT2Block, type GPT2Config, GPT2LMHeadModel, GPT2MLP, GPT2Model } from "./gpt2";
export {
  LlamaAttention,
  type LlamaConfig,
  LlamaDecoderLayer,
  LlamaForCausalLM,
  LlamaMLP,
  LlamaModel,
} from "./llama";
export type { RopeParameters } from "./rotary";
