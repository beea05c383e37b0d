import type { MimeBundle } from "../display/mimeBundle";
import { PLOTLY_MIME } from "../protocol";
import { chartOf, titleText } from "./chart/fromPlotly";
import { heatmapOf } from "./chart/heatmapOf";
import { PLOTLY_CONFIG, type PlotlyFigure } from "./plotlyFigure";
import { plainValues, traceText } from "./plotValues";
import type { PngImage } from "./png/canvas";
import { chartPng } from "./png/chartPng";
import { heatmapPng } from "./png/heatmapPng";

/** A figure as plotly.js takes it: https://plotly.com/javascript/reference/ */
export interface PlotSpec {
  data: Record<string, unknown>[];
  layout?: Record<string, unknown>;
  config?: Record<string, unknown>;
}

/**
 * Any plotly figure, shown exactly as it was written. Scatter, bar and histogram traces on one pair of axes, and a heat map, come with a
 * picture for readers without plotly.
 */
export function plotBundle(spec: PlotSpec): MimeBundle {
  const { data, layout = {}, config = {} } = plainValues(spec) as PlotSpec;
  const figure: PlotlyFigure = { data, layout, config: { ...PLOTLY_CONFIG, ...config } };
  const title = titleText(layout.title);
  const text = [title === "" ? "plot" : title, ...data.map(traceText)].join("\n  ");
  const bundle: MimeBundle = { data: { [PLOTLY_MIME]: figure, "text/plain": text }, metadata: {} };
  const image = pictureOf(figure);
  if (!image) return bundle;
  return {
    data: { ...bundle.data, "image/png": image.bytes.toString("base64") },
    metadata: { "image/png": { width: image.width, height: image.height } },
  };
}

function pictureOf({ data, layout }: PlotlyFigure): PngImage | null {
  const heatmap = heatmapOf(data, layout);
  if (heatmap) return heatmapPng(heatmap);
  const chart = chartOf(data, layout);
  return chart && chartPng(chart);
}
