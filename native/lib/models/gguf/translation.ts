import type { Tensor } from "../../tensor/tensor";
import type { GgufFile } from "../../weights/gguf/ggufFile";
import type { JsonObject } from "../../weights/jsonText";
import { MAX_HEAD_DIM } from "../configReader";

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

/** What a file says beside its tensors, and the few tensors that belong to the configuration. */
export class GgufMetadata {
  constructor(
    private readonly file: GgufFile,
    private readonly architecture: string,
  ) {}

  /** A value of the architecture's own keys, as JSON has it; undefined if it is not there. */
  get(key: string): unknown {
    return plain(this.file.metadata.get(`${this.architecture}.${key}`));
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
