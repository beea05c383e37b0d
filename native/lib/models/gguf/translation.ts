import type { Tensor } from "../../tensor/tensor";
import type { JsonObject } from "../../weights/jsonText";

/** How llama.cpp's files say what transformers says with other names and layouts, for one architecture. */
export interface GgufTranslation {
  /** transformers' `config.json` keys by the metadata key they come from, without its architecture prefix. */
  readonly configKeys: Readonly<Record<string, string>>;
  /** What the files of this architecture imply. */
  readonly configDefaults: JsonObject;
  /** Names of the tensors outside the blocks, and of a block's tensors (`blk.N.<key>`, `<block>.N.<value>`). */
  readonly names: Readonly<Record<string, string>>;
  readonly block: string;
  readonly blockNames: Readonly<Record<string, string>>;
  /** Undoes what llama.cpp's converter did to the tensor's layout. */
  restore(name: string, tensor: Tensor, config: JsonObject): Tensor;
}
