import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/**
 * Attention in visible steps, as transformers' eager attention: scores, mask, softmax (the pattern), mix.
 *
 * @param query [batch, heads, seq, head_dim]; key and value alike
 * @param mask added to the scores: 0 or the lowest number
 * @returns the mix [batch, seq, heads * head_dim] and the pattern [batch, heads, seq, seq]
 */
export function attend(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor,
  scaling: number,
  softmax: (scores: Tensor) => Tensor,
): [Tensor, Tensor] {
  const scores = torch.matmul(query, key.transpose(-1, -2)).mul(scaling).add(mask);
  const pattern = softmax(scores);
  const mix = torch.matmul(pattern, value).transpose(1, 2);
  return [mix.reshape([mix.size(0), mix.size(1), -1]), pattern];
}

/** Splits the last dimension into heads: [batch, seq, heads * head_dim] → [batch, heads, seq, head_dim]. */
export function splitHeads(states: Tensor, headDim: number): Tensor {
  return states.view([states.size(0), states.size(1), -1, headDim]).transpose(1, 2);
}
