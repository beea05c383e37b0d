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
