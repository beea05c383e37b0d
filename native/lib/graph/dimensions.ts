import { annotate, type TensorAnnotation } from "../tensor/annotation";
import type { Tensor } from "../tensor/tensor";
import type { RunInputs } from "./inputs";
import type { NodeInfo } from "./nodeIndex";

/** Inputs that know their tokens' texts: what our tokenizers return. */
interface TokenSource {
  tokens(batch?: number): string[];
  tokenOf?(id: number): string;
}

function hasTokens(inputs: RunInputs): inputs is TokenSource {
  return typeof (inputs as Partial<TokenSource>).tokens === "function";
}

/** Texts of the tokens of `inputs`' first row, where it has them. */
export function tokensOf(inputs: RunInputs): string[] | null {
  return hasTokens(inputs) ? inputs.tokens(0) : null;
}

/** Text of a token of the vocabulary that `inputs` were made with, where they know it. */
export function tokenText(inputs: RunInputs, id: number): string | null {
  return hasTokens(inputs) ? (inputs.tokenOf?.(id) ?? null) : null;
}

/**
 * Names of a value's dimensions, from its rank and the number of tokens: [batch, token, hidden],
 * [batch, head, query, key], [batch, head, token, …], [batch, token, head, …]. Dimensions that fit nothing are `dim_i`, and so are heads and
 * tokens where there are as many of each: nothing says which is which.
 */
export function nameDimensions(shape: readonly number[], tokenCount: number | null): string[] {
  const isTokens = (dim: number) => tokenCount !== null && shape[dim] === tokenCount;
  const names = shape.map((_, i) => `dim_${i}`);
  if (shape.length === 2 && isTokens(1)) return ["batch", "token"];
  if (shape.length === 2 && isTokens(0)) return ["token", "hidden"];
  if (shape.length === 3 && isTokens(1)) return ["batch", "token", "hidden"];
  if (shape.length === 4 && isTokens(2) && isTokens(3)) return ["batch", "head", "query", "key"];
  if (shape.length === 4 && isTokens(1) && isTokens(2)) return ["batch", "dim_1", "dim_2", "hidden"];
  if (shape.length === 4 && isTokens(2)) return ["batch", "head", "token", "hidden"];
  if (shape.length === 4 && isTokens(1)) return ["batch", "token", "head", "hidden"];
  return names;
}

/** Says on a probed activation what it is, for display: node, dimensions, tokens. */
export function annotateActivation(activation: Tensor, info: NodeInfo, tokens: string[] | null): void {
  const dims = nameDimensions(activation.shape, tokens?.length ?? null);
  let kind: TensorAnnotation["kind"] = "activation";
  if (dims.includes("query") && info.operator.includes("softmax")) kind = "attention";
  annotate(activation, { node: info.name, dims, tokens: tokens ?? undefined, kind });
}
