import { ArgumentError, ShapeError } from "../errors";
import type { Tensor } from "../tensor/tensor";
import type { Tokenizer } from "../tokenizers";
import { torch } from "../torch";

/** A token and how probable it is. */
export interface TokenProbability {
  /** The readable piece, `" Paris"`. */
  token: string;
  id: number;
  /** From 0 to 1. */
  probability: number;
}

export interface TopTokensOptions {
  /** How many tokens; 5 unless given. */
  k?: number;
  /** Which position's prediction, negative ones from the end; the last unless given. */
  position?: number;
  /** Which text of the batch; the first unless given. */
  batch?: number;
}

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** The most probable tokens, most probable first; prints as a table. */
export class TopTokens {
  constructor(readonly rows: readonly TokenProbability[]) {}

  toString(): string {
    const tokens = this.rows.map(({ token }) => JSON.stringify(token));
    const width = Math.max(0, ...tokens.map((token) => token.length));
    return this.rows
      .map(
        ({ probability }, i) => `${tokens[i].padEnd(width)}  ${(100 * probability).toFixed(2).padStart(6)} %`,
      )
      .join("\n");
  }

  [INSPECT](): string {
    return this.toString();
  }
}

/**
 * The `k` tokens that a model finds most probable at a position: softmax over the vocabulary in float32.
 *
 * @param logits [batch, seq, vocab], [seq, vocab] or [vocab]
 * @throws ShapeError for other shapes; ArgumentError for a position, text or `k` out of range.
 */
export function topTokens(logits: Tensor, tokenizer: Tokenizer, options: TopTokensOptions = {}): TopTokens {
  const { k = 5, position = -1, batch = 0 } = options;
  const shape = logits.shape;
  if (shape.length < 1 || shape.length > 3) {
    throw new ShapeError(
      `logits must be [batch, seq, vocab], [seq, vocab] or [vocab]; found [${shape.join(", ")}]`,
    );
  }
  const vocabulary = shape[shape.length - 1];
  if (!Number.isInteger(k) || k < 1 || k > vocabulary) {
    throw new ArgumentError(`k must be from 1 to ${vocabulary}, the number of tokens; found ${k}`);
  }
  const [values, indices] = torch.tidy(() => {
    let scores = logits.detach();
    if (shape.length === 3) scores = select(scores, batch, "batch");
    if (shape.length > 1) scores = select(scores, position, "position");
    const top = torch.topk(torch.softmax(scores.to("float32"), -1), k);
    return top.map((part) => part.tolist() as number[]);
  });
  return new TopTokens(
    values.map((probability, i) => ({ token: tokenizer.tokenOf(indices[i]), id: indices[i], probability })),
  );
}

function select(tensor: Tensor, index: number, what: string): Tensor {
  const size = tensor.shape[0];
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new ArgumentError(`${what} ${index} is out of range: logits have ${size}`);
  }
  return tensor.select(0, index);
}
