/** Colours of lines, told apart by colour-blind readers (Okabe and Ito). */
export const LINE_COLOURS: readonly string[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#000000",
];

/** Colour of cells without a value. */
export const MISSING = "#b3b3b3";

type Rgb = readonly [number, number, number];

function parse(colour: string): Rgb {
  const number = Number.parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** A function from 0…1 to red, green and blue (0…255), linear between the stops. Values outside get the end colours. */
export function interpolator(stops: readonly string[]): (at: number) => Rgb {
  const colours = stops.map(parse);
  return (at) => {
    const place = Math.min(1, Math.max(0, at)) * (colours.length - 1);
    const below = Math.min(Math.floor(place), colours.length - 2);
    const part = place - below;
    const mix = (channel: 0 | 1 | 2) =>
      Math.round(colours[below][channel] * (1 - part) + colours[below + 1][channel] * part);
    return [mix(0), mix(1), mix(2)];
  };
}
