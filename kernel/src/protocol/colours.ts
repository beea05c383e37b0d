/** Colours of the pictures on a light page: the same in the saved PNG and in what the page draws. */

/** ColorBrewer's RdBu with 11 classes, reversed: negative blue, zero nearly white, positive red. Safe for colour-blind readers. */
export const DIVERGING: readonly string[] = [
  "#053061",
  "#2166ac",
  "#4393c3",
  "#92c5de",
  "#d1e5f0",
  "#f7f7f7",
  "#fddbc7",
  "#f4a582",
  "#d6604d",
  "#b2182b",
  "#67001f",
];

/** ColorBrewer's Blues with 9 classes, for values from 0 up. */
export const SEQUENTIAL: readonly string[] = [
  "#f7fbff",
  "#deebf7",
  "#c6dbef",
  "#9ecae1",
  "#6baed6",
  "#4292c6",
  "#2171b5",
  "#08519c",
  "#08306b",
];

/** ColorBrewer's Purples, Greens and Reds with 9 classes: ROME's colours of restored states, MLPs and attention. */
export const PURPLES: readonly string[] = [
  "#fcfbfd",
  "#efedf5",
  "#dadaeb",
  "#bcbddc",
  "#9e9ac8",
  "#807dba",
  "#6a51a3",
  "#54278f",
  "#3f007d",
];
export const GREENS: readonly string[] = [
  "#f7fcf5",
  "#e5f5e0",
  "#c7e9c0",
  "#a1d99b",
  "#74c476",
  "#41ab5d",
  "#238b45",
  "#006d2c",
  "#00441b",
];
export const REDS: readonly string[] = [
  "#fff5f0",
  "#fee0d2",
  "#fcbba1",
  "#fc9272",
  "#fb6a4a",
  "#ef3b2c",
  "#cb181d",
  "#a50f15",
  "#67000d",
];
