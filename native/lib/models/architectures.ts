import { UnknownArchitectureError } from "../errors";
import type { LayerOptions } from "../nn";
import type { CausalLM } from "./causalLM";
import type { ConfigReader } from "./configReader";
import { GPT2LMHeadModel, readGPT2Config } from "./gpt2";
import { LlamaForCausalLM, readLlamaConfig } from "./llama";

/** What loading has to know of an architecture. */
export interface Architecture {
  /** Makes the model; with `device: "meta"` its parameters have no values yet. */
  build(config: ConfigReader, options: LayerOptions): { model: CausalLM; tied: boolean };
  /** The body's name in the model with its head (transformers' `base_model_prefix`); files may leave it out. */
  readonly baseName: string;
  /** The weight that the head shares if embeddings are tied. */
  readonly embedding: string;
  /** Names that old files hold and that the model computes itself. */
  readonly ignored: RegExp;
}

const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map<string, Architecture>([
  [
    "gpt2",
    {
      build(reader, options) {
        const config = readGPT2Config(reader);
        return { model: new GPT2LMHeadModel(config, options), tied: config.tie_word_embeddings };
      },
      baseName: "transformer",
      embedding: "transformer.wte.weight",
      ignored: /\.attn\.(?:bias|masked_bias)$/,
    },
  ],
  [
    "llama",
    {
      build(reader, options) {
        const config = readLlamaConfig(reader);
        return { model: new LlamaForCausalLM(config, options), tied: config.tie_word_embeddings };
      },
      baseName: "model",
      embedding: "model.embed_tokens.weight",
      ignored: /rotary_emb\.inv_freq$/,
    },
  ],
]);

/**
 * @param name a configuration's `model_type`
 * @param source where it was found, for the message
 * @throws UnknownArchitectureError listing the known ones.
 */
export function architecture(name: string, source: string): Architecture {
  const found = ARCHITECTURES.get(name);
  if (!found) {
    const known = [...ARCHITECTURES.keys()].join(", ");
    throw new UnknownArchitectureError(`${source} is of the architecture "${name}"; known are ${known}`);
  }
  return found;
}
