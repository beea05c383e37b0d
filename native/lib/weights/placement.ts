import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { ALIGNMENT, alignmentOf } from "./alignment";
import { ITEM_SIZE } from "./mappedBytes";
import { byteLength } from "./tensorPieces";

type Entry = readonly [name: string, tensor: Tensor];

/** Tensors in the order in which a file holds them, without holes. */
export interface Placement {
  /** Where the data begins in the file, modulo {@link ALIGNMENT}. Readers want a multiple of 8. */
  start: number;
  places: { name: string; tensor: Tensor; begin: number; end: number }[];
}

/** Smaller tensors are copied when they are loaded rather than kept in place by one more tensor of padding. */
const WORTH_PADDING = 1 << 16;
/** The format allows no holes, so padding is tensors of bytes: this and a number. */
export const PADDING = "graphpatch.padding.";

/** By falling size of their elements, so that each tensor is aligned for its type. */
export function placeBySize(entries: readonly Entry[]): Placement {
  return fill(0, [...entries].sort(bySize));
}

/**
 * So that tensors that are mapped lie where they lie now, modulo {@link ALIGNMENT}. Small ones of odd length need not: whoever
 * loads them copies them.
 */
export function placeAsInMemory(entries: readonly Entry[]): Placement {
  const isEven = ([, tensor]: Entry) => byteLength(tensor) % ALIGNMENT === 0;
  const groups = new Map<number, Entry[]>();
  for (const entry of entries.filter(isEven)) {
    const alignment = alignmentOf(entry[1]);
    groups.set(alignment, [...(groups.get(alignment) ?? []), entry]);
  }
  const odd = entries.filter((entry) => !isEven(entry)).sort(bySize);
  const isLarge = ([, tensor]: Entry) => byteLength(tensor) >= WORTH_PADDING;
  const kept = [...[...groups.values()].flat(), ...odd.filter(isLarge)];
  const first = kept.length > 0 ? alignmentOf(kept[0][1]) : 0;
  const start = first % 8 === 0 ? first : 0;

  const padded: Entry[] = [];
  let [at, paddings] = [start, 0];
  const append = (entry: Entry, wanted: number) => {
    const gap = (((wanted - at) % ALIGNMENT) + ALIGNMENT) % ALIGNMENT;
    if (gap > 0) padded.push([`${PADDING}${paddings++}`, torch.zeros([gap], { dtype: "uint8" })]);
    padded.push(entry);
    at += gap + byteLength(entry[1]);
  };
  for (const entry of kept) append(entry, alignmentOf(entry[1]));
  const small = odd.filter((entry) => !isLarge(entry));
  small.forEach((entry, i) => {
    append(entry, i === 0 ? 0 : at);
  });
  return fill(start, padded);
}

function itemSize(tensor: Tensor): number {
  return ITEM_SIZE[tensor.dtype] ?? 1;
}

function bySize([, a]: Entry, [, b]: Entry): number {
  return itemSize(b) - itemSize(a) || byteLength(b) - byteLength(a);
}

function fill(start: number, entries: readonly Entry[]): Placement {
  let end = 0;
  const places = entries.map(([name, tensor]) => {
    const begin = end;
    end += byteLength(tensor);
    return { name, tensor, begin, end };
  });
  return { start, places };
}
