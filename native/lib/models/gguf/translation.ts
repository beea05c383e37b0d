import type { Tensor } from "../../tensor/tensor";
import type { GgufSource } from "../../weights/gguf/splitGguf";
import type { JsonObject } from "../../weights/jsonText";
import { ConfigReader, MAX_HEAD_DIM } from "../configReader";

/** How llama.cpp's files say what transformers says with other names and layouts, for one architecture. */
export interface GgufTranslation {
  /** transformers' `model_type`. */
  readonly modelType: string;
  /** transformers' `config.json` keys by the metadata key they come from, without its architecture prefix; of two for one key the later counts. */
  readonly configKeys: Readonly<Record<string, string>>;
  /** What the files of this architecture imply. */
  readonly configDefaults: JsonObject;
  /** Further fields, from those that were found by name. */
  configFrom?(config: JsonObject, metadata: GgufMetadata): JsonObject;
  /** Names of the tensors outside the blocks, and of a block's tensors (`blk.N.<key>`, `<block>.N.<value>`). */
  readonly names: Readonly<Record<string, string>>;
  readonly block: string;
  readonly blockNames: Readonly<Record<string, string>>;
  /** Undoes what llama.cpp's converter did to the tensor's layout and numbers. */
  restore(name: string, tensor: Tensor, config: JsonObject): Tensor;
}

/** Sizes as most configurations of transformers call them. */
export const SIZE_KEYS = {
  context_length: "max_position_embeddings",
  block_count: "num_hidden_layers",
  embedding_length: "hidden_size",
  feed_forward_length: "intermediate_size",
  "attention.head_count": "num_attention_heads",
} as const;

/**
 * Keys that change nothing in what is computed: what the tensors themselves show, what is for texts, images, labels or training,
 * and what mixtures of experts have (a file with experts is refused by their number).
 */
const NEUTRAL =
  /^(?:vocab_size|tensor_data_layout|attention\.value_length|attention\.layer_norm_epsilon|rope\.scaling\.finetuned|pooling_type|classifier\.output_labels|decoder_start_token_id|expert_\w+|(?:mm|vision)\..+)$/;

/** What a file says beside its tensors, and the few tensors that belong to the configuration. */
export class GgufMetadata {
  readonly #asked = new Set<string>();

  constructor(
    private readonly file: GgufSource,
    private readonly architecture: string,
  ) {}

  /** A value of the architecture's own keys, as JSON has it; undefined if it is not there. */
  get(key: string): unknown {
    this.#asked.add(key);
    return plain(this.file.metadata.get(`${this.architecture}.${key}`));
  }

  /**
   * That the architecture's keys are all known: one that nobody asked for may change the computation, unless it is off.
   * @throws UnknownArchitectureError naming the key and its value.
   */
  refuseUnknown(): void {
    const prefix = `${this.architecture}.`;
    for (const name of this.file.metadata.keys()) {
      const key = name.slice(prefix.length);
      if (name.startsWith(prefix) && !this.#asked.has(key) && !NEUTRAL.test(key))
        this.refuseUnless(key, 0, false);
    }
  }

  /**
   * That `key` is absent or has one of the values that change nothing.
   * @throws UnknownArchitectureError naming the key and its value.
   */
  refuseUnless(key: string, ...neutral: unknown[]): void {
    const name = `${this.architecture}.${key}`;
    new ConfigReader({ [name]: this.get(key) }, this.file.path).refuseUnless(name, ...neutral);
  }

  /** How many rows a tensor has; null if it is not there. */
  rows(tensor: string): number | null {
    return this.file.tensors.get(tensor)?.shape[0] ?? null;
  }

  /** The numbers of a tensor; null if it is not there. */
  numbers(tensor: string): number[] | null {
    const info = this.file.tensors.get(tensor);
    if (!info) return null;
    // One for each pair of channels; a file may say anything.
    if (info.shape.reduce((product, size) => product * size, 1) > MAX_HEAD_DIM) return [];
    using stored = this.file.readOnce(tensor);
    return stored.to("float32").flatten().tolist() as number[];
  }
}

/** 64-bit numbers as numbers, in lists too: a configuration is checked as JSON is. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  return Array.isArray(value) ? value.map(plain) : value;
}
