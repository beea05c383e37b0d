import type { Chart } from "../chart/chart";
import { LINE_COLOURS } from "../colours";
import type { LinePicture } from "../picture";
import type { PngImage } from "./canvas";
import { chartPng } from "./chartPng";

/** Lines of more points are drawn without marks on them. */
const MAX_MARKED = 100;

/** The lines as a PNG; null without a finite point. */
export function linePng({ title, xTitle, yTitle, series }: LinePicture): PngImage | null {
  const axis = (text: string) => ({ title: text, categories: null, range: null, log: false });
  const chart: Chart = {
    title,
    x: axis(xTitle),
    y: axis(yTitle),
    layers: series.map(({ name, x, y }, i) => ({
      name,
      colour: LINE_COLOURS[i % LINE_COLOURS.length],
      bars: [],
      points: y.map((value, at) => [x[at], value]),
      line: true,
      markers: y.length <= MAX_MARKED,
    })),
  };
  return chartPng(chart);
}
