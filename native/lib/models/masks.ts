import { ArgumentError } from "../errors";
import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";

/** `torch.finfo(dtype).min` of the dtypes that models compute in. */
const LOWEST: Partial<Record<DType, number>> = {
  float32: -3.4028234663852886e38,
  float16: -65504,
  bfloat16: -3.3895313892515355e38,
  float64: -Number.MAX_VALUE,
};

/**
 * What to add to attention scores so that each token sees itself and the tokens before it, but no padding: 0 where
 * it may look, the dtype's lowest number elsewhere (transformers' `eager_mask`).
 *
 * @param input_ids [batch, seq]
 * @param attention_mask [batch, seq], 1 for tokens and 0 for padding; null if there is no padding
 * @returns [batch, 1, seq, seq], or [seq, seq] without an attention mask
 */
export function causalMask(input_ids: Tensor, attention_mask: Tensor | null, dtype: DType): Tensor {
  const lowest = LOWEST[dtype];
  if (lowest === undefined) throw new ArgumentError(`a model cannot compute in ${dtype}`);
  const position = torch.arange(input_ids.size(1));
  let allowed = position.unsqueeze(0).le(position.unsqueeze(1));
  if (attention_mask) allowed = allowed.logical_and(attention_mask.unsqueeze(1).unsqueeze(2));
  return torch.where(allowed, torch.zeros([], { dtype }), torch.full([], lowest, { dtype }));
}

/**
 * The place of each token in its text, counted without padding, so that padding on either side changes nothing
 * (transformers' `generate`). Padding itself is given place 0.
 *
 * @param input_ids [batch, seq]
 * @param attention_mask [batch, seq], or null if there is no padding
 * @returns [batch, seq] int64, or [1, seq] without an attention mask
 */
export function positionIds(input_ids: Tensor, attention_mask: Tensor | null): Tensor {
  if (!attention_mask) return torch.arange(input_ids.size(1)).unsqueeze(0);
  return attention_mask.cumsum(-1).sub(1).masked_fill(attention_mask.eq(0), 0);
}
