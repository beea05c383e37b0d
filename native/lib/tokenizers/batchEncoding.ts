import { ArgumentError } from "../errors";
import { annotate } from "../tensor/annotation";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/** On which side shorter texts of a batch are filled up. */
export type PaddingSide = "left" | "right";

/**
 * Tokenized texts, to be given to a model as they are: `input_ids` and `attention_mask` (1 for tokens, 0 for padding),
 * both [batch, seq] int64.
 */
export class BatchEncoding {
  readonly input_ids: Tensor;
  readonly attention_mask: Tensor;
  readonly #tokens: string[][];
  readonly #tokenOf: (id: number) => string;

  /**
   * @param rows ids of each text; made equally long with `pad`
   * @param tokenOf the readable piece of an id
   */
  constructor(rows: number[][], pad: { id: number; side: PaddingSide }, tokenOf: (id: number) => string) {
    const length = Math.max(...rows.map((row) => row.length));
    const fill = <T>(row: T[], value: T): T[] => {
      const padding = new Array<T>(length - row.length).fill(value);
      return pad.side === "left" ? [...padding, ...row] : [...row, ...padding];
    };
    const ids = rows.map((row) => fill(row, pad.id));
    const mask = rows.map((row) =>
      fill(
        row.map(() => 1),
        0,
      ),
    );
    this.#tokenOf = tokenOf;
    this.#tokens = ids.map((row) => row.map(tokenOf));
    const shape = [rows.length, length];
    this.input_ids = torch.tensor(ids.flat(), { dtype: "int64" }).view(shape);
    this.attention_mask = torch.tensor(mask.flat(), { dtype: "int64" }).view(shape);
    annotate(this.input_ids, { tokens: this.#tokens[0] });
  }

  /** The readable piece of any id of the vocabulary. */
  tokenOf(id: number): string {
    return this.#tokenOf(id);
  }

  /** The readable pieces of one text of the batch, padding too: `["The", " Eiff", "el", …]`. */
  tokens(batch = 0): string[] {
    const tokens = this.#tokens.at(batch);
    if (!tokens) throw new ArgumentError(`no text ${batch} in a batch of ${this.#tokens.length}`);
    return [...tokens];
  }
}
