import { ArgumentError } from "../../errors";
import type { DType } from "../../tensor/dtype";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import type { LayerType } from "../layerTypes";

/** `torch.finfo(dtype).min` of the dtypes that models compute in. */
const LOWEST: Partial<Record<DType, number>> = {
  float32: -3.4028234663852886e38,
  float16: -65504,
  bfloat16: -3.3895313892515355e38,
  float64: -Number.MAX_VALUE,
};

/** 0 where attention is allowed, the dtype's lowest number elsewhere (transformers' `eager_mask`). */
function additive(allowed: Tensor, dtype: DType): Tensor {
  const lowest = LOWEST[dtype];
  if (lowest === undefined) throw new ArgumentError(`a model cannot compute in ${dtype}`);
  return torch.where(allowed, torch.zeros([], { dtype }), torch.full([], lowest, { dtype }));
}

/** [batch, seq] → [batch, 1, 1, seq]: the keys that are no padding. */
function keysOf(attention_mask: Tensor): Tensor {
  return attention_mask.unsqueeze(1).unsqueeze(2);
}

/**
 * What to add to attention scores so that each token sees itself and the tokens before it, but no padding.
 *
 * @param input_ids [batch, seq]
 * @param attention_mask [batch, seq], 1 for tokens and 0 for padding; null if there is no padding
 * @param window how many tokens back it sees, itself included; null for all of them
 * @returns [batch, 1, seq, seq], or [seq, seq] without an attention mask
 */
export function causalMask(
  input_ids: Tensor,
  attention_mask: Tensor | null,
  dtype: DType,
  window: number | null = null,
): Tensor {
  const position = torch.arange(input_ids.size(1));
  const [keys, queries] = [position.unsqueeze(0), position.unsqueeze(1)];
  let allowed = keys.le(queries);
  if (window !== null) allowed = allowed.logical_and(keys.gt(queries.sub(window)));
  if (attention_mask) allowed = allowed.logical_and(keysOf(attention_mask));
  return additive(allowed, dtype);
}

/**
 * The {@link causalMask} of each layer; layers of one type share one.
 * @param window how many tokens back the tokens of a sliding layer see, themselves included
 */
export function causalMasks(
  types: readonly LayerType[],
  window: number | null,
  input_ids: Tensor,
  attention_mask: Tensor | null,
  dtype: DType,
): Tensor[] {
  const made = new Map<LayerType, Tensor>();
  return types.map((type) => {
    const mask =
      made.get(type) ??
      causalMask(input_ids, attention_mask, dtype, type === "sliding_attention" ? window : null);
    made.set(type, mask);
    return mask;
  });
}

/** As {@link causalMask}, for an encoder: each token sees all tokens, but no padding. Null if there is none. */
export function paddingMask(attention_mask: Tensor | null, dtype: DType): Tensor | null {
  return attention_mask && additive(keysOf(attention_mask).ne(0), dtype);
}

/**
 * The place of each token in its text, counted without padding, so that padding on either side changes nothing
 * (transformers' `generate`; its models themselves count padding on the left, too, unless they are given
 * `position_ids`). Padding itself is given place 0.
 *
 * @param input_ids [batch, seq]
 * @param attention_mask [batch, seq], or null if there is no padding
 * @returns [batch, seq] int64, or [1, seq] without an attention mask
 */
export function positionIds(input_ids: Tensor, attention_mask: Tensor | null): Tensor {
  if (!attention_mask) return torch.arange(input_ids.size(1)).unsqueeze(0);
  return attention_mask.cumsum(-1).sub(1).masked_fill(attention_mask.eq(0), 0);
}
