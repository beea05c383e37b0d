import { DIVERGING, SEQUENTIAL } from "@graphpatch/kernel/protocol";
import type { Theme } from "./drawing";

/** Stops of a colour scale, from 0 to 1. */
export type ColorScale = readonly (readonly [stop: number, color: string])[];

/**
 * Diverging, for values of both signs: blue below zero, red above, the page's own tone at zero.
 * ColorBrewer's RdBu on light pages (readable with every common colour blindness), Crameri's berlin on dark ones.
 */
export function divergingScale(theme: Theme): ColorScale {
  return theme.isDark ? DARK_DIVERGING : LIGHT_DIVERGING;
}

/** Sequential, for probabilities: from the page's own tone to blue. */
export function sequentialScale(theme: Theme): ColorScale {
  return theme.isDark ? DARK_SEQUENTIAL : LIGHT_SEQUENTIAL;
}

function spread(...colors: string[]): ColorScale {
  return colors.map((color, at) => [at / (colors.length - 1), color] as const);
}

const LIGHT_DIVERGING = spread(...DIVERGING);
const DARK_DIVERGING = spread(
  "#9eb0ff",
  "#5ba4db",
  "#2d7597",
  "#1a4256",
  "#11191e",
  "#1c1112",
  "#481a10",
  "#7a3a27",
  "#b06c5d",
  "#e29d94",
  "#ffadad",
);
const LIGHT_SEQUENTIAL = spread(...SEQUENTIAL);
const DARK_SEQUENTIAL = spread(
  "#11191e",
  "#152c3d",
  "#19435f",
  "#1f5d83",
  "#2c79a8",
  "#4796c8",
  "#6fb3e0",
  "#9fcff0",
  "#d6ecfb",
);
