import { CorruptFileError, UnknownArchitectureError } from "../../errors";
import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import { type GgufSource, openGgufFiles } from "../../weights/gguf/splitGguf";
import type { JsonObject } from "../../weights/jsonText";
import type { StoredBlocks, WeightSource } from "../../weights/weightSource";
import type { Checkpoint } from "../checkpoint";
import { ConfigReader, OTHER_DOOR, shown } from "../configReader";
import { GEMMA, GEMMA2, GEMMA3 } from "./gemma";
import { GPT2 } from "./gpt2";
import { LLAMA } from "./llama";
import { PHI3 } from "./phi3";
import { QWEN2, QWEN3 } from "./qwen";
import { ROPE_TENSORS } from "./rope";
import { GgufMetadata, type GgufTranslation } from "./translation";

/** In files of every architecture. */
const COMMON_KEYS = { "attention.causal": "is_causal" };

const TRANSLATIONS: ReadonlyMap<string, GgufTranslation> = new Map([
  ["gpt2", GPT2],
  ["llama", LLAMA],
  ["qwen2", QWEN2],
  ["qwen3", QWEN3],
  ["gemma", GEMMA],
  ["gemma2", GEMMA2],
  ["gemma3", GEMMA3],
  ["phi3", PHI3],
]);

/**
 * A GGUF file, or several that are one model, with transformers' names for its configuration and tensors.
 * @throws CorruptFileError, MissingFileError; UnknownArchitectureError listing the known ones, or naming what of this one is not known.
 */
export function openGguf(path: string): Checkpoint {
  const file = openGgufFiles(path);
  const name = file.metadata.get("general.architecture");
  if (typeof name !== "string")
    throw new CorruptFileError(`${path}: the metadata lacks "general.architecture"`);
  const translation = TRANSLATIONS.get(name);
  if (!translation) {
    const known = [...TRANSLATIONS.keys()].join(", ");
    throw new UnknownArchitectureError(
      `${path} is of the architecture ${shown(name)}; known in GGUF are ${known}. ${OTHER_DOOR}`,
    );
  }
  const config = readConfig(file, new GgufMetadata(file, name), translation);
  return {
    path,
    modelType: translation.modelType,
    config: new ConfigReader(config, `the metadata of ${path}`),
    weights: new TranslatedWeights(file, translation, config),
  };
}

function readConfig(file: GgufSource, metadata: GgufMetadata, translation: GgufTranslation): JsonObject {
  const config = new Map<string, unknown>(Object.entries(translation.configDefaults));
  for (const [from, to] of Object.entries({ ...COMMON_KEYS, ...translation.configKeys })) {
    const value = metadata.get(from);
    if (value !== undefined) config.set(to, value);
  }
  // The embedding has a row for every token, whatever the metadata says or leaves out.
  const rows = file.tensors.get("token_embd.weight")?.shape[0];
  if (rows !== undefined) config.set("vocab_size", rows);
  config.set("tie_word_embeddings", !file.tensors.has("output.weight"));
  config.set("attention_bias", file.tensors.has("blk.0.attn_q.bias"));
  config.set("mlp_bias", file.tensors.has("blk.0.ffn_up.bias"));
  const found = Object.fromEntries(config);
  const whole = { ...found, ...translation.configFrom?.(found, metadata) };
  metadata.refuseUnknown();
  return whole;
}

class TranslatedWeights implements WeightSource {
  /** GGUF names by transformers' names. */
  readonly #origin = new Map<string, string>();

  constructor(
    private readonly file: GgufSource,
    private readonly translation: GgufTranslation,
    private readonly config: JsonObject,
  ) {
    for (const name of file.names()) {
      if (!ROPE_TENSORS.includes(name)) this.#origin.set(this.#translate(name), name);
    }
  }

  get path(): string {
    return this.file.path;
  }

  /** A name that has no translation stays as it is and is then reported as unexpected. */
  #translate(name: string): string {
    const { names, block, blockNames } = this.translation;
    if (Object.hasOwn(names, name)) return names[name];
    const [, index, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
    return part !== undefined && Object.hasOwn(blockNames, part)
      ? `${block}.${index}.${blockNames[part]}.${kind}`
      : name;
  }

  names(): string[] {
    return [...this.#origin.keys()];
  }

  read(name: string): Tensor {
    return this.translation.restore(name, this.file.read(this.#nameInFile(name)), this.config);
  }

  readOnce(name: string): Tensor {
    const stored = this.file.readOnce(this.#nameInFile(name));
    const restored = torch.tidy(() => this.translation.restore(name, stored, this.config));
    if (restored !== stored) stored.dispose();
    return restored;
  }

  dtypeOf(name: string): DType | null {
    return this.file.dtypeOf(this.#nameInFile(name));
  }

  #nameInFile(name: string): string {
    return this.#origin.get(name) ?? name;
  }

  /** Blocks hold parts of rows, so rows can be moved, and the whole transposed when it is used; nothing else. */
  readBlocks(name: string): StoredBlocks | null {
    const stored = this.file.readBlocks(this.#nameInFile(name));
    if (stored?.blocks.shape.length !== 2) return null;
    // What becomes of the numbers of the rows shows what becomes of the rows.
    const rows = stored.blocks.shape[0];
    const numbers = torch.arange(rows);
    const restored = this.translation.restore(name, numbers.unsqueeze(1), this.config);
    const order = restored.flatten();
    const isTransposed = rows > 1 && restored.shape[0] === 1;
    const isOrder = restored.numel() === rows && torch.equal(order.sort()[0], numbers);
    if (!isOrder) return null;
    const isMoved = !torch.equal(order, numbers);
    return {
      ...stored,
      blocks: isMoved ? stored.blocks.index_select(0, order) : stored.blocks,
      isTransposed,
    };
  }
}
