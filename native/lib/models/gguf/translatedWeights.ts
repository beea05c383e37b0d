import { UnknownArchitectureError } from "../../errors";
import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import type { GgufSource } from "../../weights/gguf/splitGguf";
import type { JsonObject } from "../../weights/jsonText";
import type { StoredBlocks, WeightSource } from "../../weights/weightSource";
import { ROPE_TENSORS } from "./rope";
import type { GgufTranslation } from "./translation";

/** A factor of a whole matrix, beside it: NVFP4's own scales reach too little. */
const SCALE = /\.scale$/;
/** How llama.cpp rounds what a matrix is multiplied by, where it computes in four bits; nothing is rounded here. */
const INPUT_SCALE = /\.input_scale$/;

/** The tensors of a GGUF file with transformers' names and layouts. */
export class TranslatedWeights implements WeightSource {
  /** GGUF names by transformers' names. */
  readonly #origin = new Map<string, string>();
  /** Factors by the GGUF names of the matrices. */
  readonly #scales = new Map<string, number>();

  /** @throws UnknownArchitectureError naming a tensor of scales that is not one number. */
  constructor(
    private readonly file: GgufSource,
    private readonly translation: GgufTranslation,
    private readonly config: JsonObject,
  ) {
    for (const name of file.names()) {
      if (SCALE.test(name)) this.#scales.set(name.replace(SCALE, ".weight"), this.#scaleOf(name));
      else if (!INPUT_SCALE.test(name) && !ROPE_TENSORS.includes(name))
        this.#origin.set(this.#translate(name), name);
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

  #scaleOf(name: string): number {
    const shape = this.file.tensors.get(name)?.shape ?? [];
    if (!shape.every((size) => size === 1)) {
      throw new UnknownArchitectureError(
        `${this.path}: the tensor "${name}" has the shape [${shape.join(", ")}]; only one scale for a whole matrix is implemented here`,
      );
    }
    using stored = this.file.readOnce(name);
    return Number(stored.item());
  }

  names(): string[] {
    return [...this.#origin.keys()];
  }

  read(name: string): Tensor {
    return this.#restored(name, this.file.read(this.#nameInFile(name)));
  }

  readOnce(name: string): Tensor {
    const stored = this.file.readOnce(this.#nameInFile(name));
    const restored = torch.tidy(() => this.#restored(name, stored));
    if (restored !== stored) stored.dispose();
    return restored;
  }

  #restored(name: string, stored: Tensor): Tensor {
    const scale = this.#scales.get(this.#nameInFile(name));
    const scaled = scale === undefined ? stored : stored.mul(scale);
    return this.translation.restore(name, scaled, this.config);
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
      scale: this.#scales.get(this.#nameInFile(name)) ?? 1,
    };
  }
}
