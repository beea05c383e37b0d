import { DIVERGING, GREENS, type GridPalette, PURPLES, REDS, SEQUENTIAL } from "@graphpatch/kernel/protocol";
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

/** The colours of a grid's panel. On dark pages the page's own tone is the lowest, and brighter is more. */
export function paletteScale(palette: GridPalette, theme: Theme): ColorScale {
  if (palette === "diverging") return divergingScale(theme);
  if (palette === "blues") return sequentialScale(theme);
  return (theme.isDark ? DARK_PALETTES : LIGHT_PALETTES)[palette];
}

/** The colour at each place from 0 to 1 as red, green and blue, linear between the stops. */
export function colorsOf(scale: ColorScale): (at: number) => readonly [number, number, number] {
  const stops = scale.map(([, color]) => Number.parseInt(color.slice(1), 16));
  return (at) => {
    const place = Math.min(1, Math.max(0, at)) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    const mix = (shift: number) => {
      const [from, to] = [(stops[below] >> shift) & 255, (stops[below + 1] >> shift) & 255];
      return Math.round(from + (to - from) * (place - below));
    };
    return [mix(16), mix(8), mix(0)];
  };
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
const LIGHT_PALETTES = { purples: spread(...PURPLES), greens: spread(...GREENS), reds: spread(...REDS) };
const DARK_PALETTES = {
  purples: spread(
    "#15131c",
    "#272137",
    "#3d3060",
    "#56458a",
    "#725fae",
    "#8f80c9",
    "#aea3dd",
    "#cdc6ec",
    "#eeeaf9",
  ),
  greens: spread(
    "#111a15",
    "#173322",
    "#1c4e30",
    "#246b41",
    "#338955",
    "#52a670",
    "#7fc194",
    "#b0dabb",
    "#e2f3e5",
  ),
  reds: spread(
    "#1c1213",
    "#3d1a1a",
    "#642221",
    "#8e2f2a",
    "#b54539",
    "#d3665a",
    "#e68d81",
    "#f3b6ad",
    "#fce3df",
  ),
};
