import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";

/**
 * Attention in visible steps, as transformers' eager attention: scores, mask, softmax (the pattern), mix.
 *
 * @param query [batch, heads, seq, head_dim]; key and value alike
 * @param mask added to the scores: 0 or the lowest number; null for none
 * @param softcap scores beyond it are bent back: `softcap * tanh(scores / softcap)`; null for none
 * @returns the mix [batch, seq, heads * head_dim] and the pattern [batch, heads, seq, seq]
 */
export function attend(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor | null,
  scaling: number,
  softmax: (scores: Tensor) => Tensor,
  softcap: number | null = null,
): [Tensor, Tensor] {
  let scores = torch.matmul(query, key.transpose(-1, -2)).mul(scaling);
  if (softcap !== null) scores = softCap(scores, softcap);
  if (mask) scores = scores.add(mask);
  const pattern = softmax(scores);
  const mix = torch.matmul(pattern, value).transpose(1, 2);
  return [mix.reshape([mix.size(0), mix.size(1), -1]), pattern];
}

/** Softmax over the last dimension in the scores' own dtype. */
export function softmax(scores: Tensor): Tensor {
  return torch.softmax(scores, -1);
}

/** Softmax in float32, then back: half precision would lose the small weights. */
export function softmaxInFloat32(scores: Tensor): Tensor {
  const dtype = scores.dtype;
  return dtype === "float32" ? softmax(scores) : torch.softmax(scores, -1, "float32").to(dtype);
}

/** `cap * tanh(values / cap)`: nearly the values themselves where they are small, never beyond ±cap (Gemma 2). */
export function softCap(values: Tensor, cap: number): Tensor {
  return torch.tanh(values.div(cap)).mul(cap);
}

/** Splits the last dimension into heads: [batch, seq, heads * head_dim] → [batch, heads, seq, head_dim]. */
export function splitHeads(states: Tensor, headDim: number): Tensor {
  return headsOf(states, headDim).transpose(1, 2);
}

/** The last dimension as heads, in place: [batch, seq, heads * head_dim] → [batch, seq, heads, head_dim]. */
export function headsOf(states: Tensor, headDim: number): Tensor {
  return states.view([states.size(0), states.size(1), -1, headDim]);
}

/**
 * Grouped-query attention: each key-value head once for every query head that uses it.
 * [batch, kv, seq, d] → [batch, heads, seq, d]
 */
export function repeatHeads(states: Tensor, keyValueHeads: number, heads: number, headDim: number): Tensor {
  if (keyValueHeads === heads) return states;
  const [batch, seq] = [states.size(0), states.size(2)];
  const repeated = states.unsqueeze(2).expand([batch, keyValueHeads, heads / keyValueHeads, seq, headDim]);
  return repeated.reshape([batch, heads, seq, headDim]);
}
