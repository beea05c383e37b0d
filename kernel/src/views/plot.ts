import type { MimeBundle } from "../display/mimeBundle";
import { PLOTLY_MIME, VIEW_MIME } from "../protocol";
import { drawingBundle } from "./drawing";
import { drawSeries } from "./line";
import type { Series } from "./picture";
import { PLOTLY_CONFIG, type PlotlyFigure } from "./plotlyFigure";
import { plainValues, traceText } from "./plotValues";

/** A figure as plotly.js takes it: https://plotly.com/javascript/reference/ */
export interface PlotSpec {
  data: Record<string, unknown>[];
  layout?: Record<string, unknown>;
  config?: Record<string, unknown>;
}

/** Any plotly figure. Where it consists of lines alone, it comes with a picture for readers without plotly. */
export function plotBundle(spec: PlotSpec): MimeBundle {
  const { data, layout = {}, config = {} } = plainValues(spec) as PlotSpec;
  const figure: PlotlyFigure = { data, layout, config: { ...PLOTLY_CONFIG, ...config } };
  const title = titleText(layout.title);
  const series = data.map((trace, i) => seriesOf(trace, i));
  if (series.length === 0 || series.some((one) => one === null)) {
    const text = [title === "" ? "plot" : title, ...data.map(traceText)].join("\n  ");
    return { data: { [PLOTLY_MIME]: figure, "text/plain": text }, metadata: {} };
  }
  const axis = (name: string) => titleText((layout[name] as { title?: unknown } | undefined)?.title);
  const drawing = drawSeries({
    title,
    xTitle: axis("xaxis"),
    yTitle: axis("yaxis"),
    series: series.filter((one) => one !== null),
  });
  const bundle = drawingBundle({ ...drawing, figure });
  // Without a view the figure is shown exactly as it was written.
  delete bundle.data[VIEW_MIME];
  return bundle;
}

function titleText(title: unknown): string {
  if (typeof title === "string") return title;
  const text = (title as { text?: unknown } | null | undefined)?.text;
  return typeof text === "string" ? text : "";
}

/** Points of a scatter trace; null for other traces. */
function seriesOf({ type = "scatter", name, x, y }: Record<string, unknown>, i: number): Series | null {
  if (type !== "scatter" || !isNumbers(y)) return null;
  if (x !== undefined && !isNumbers(x)) return null;
  return {
    name: typeof name === "string" ? name : `trace ${i}`,
    x: x ? [...x] : y.map((_, at) => at),
    y: [...y],
  };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}
