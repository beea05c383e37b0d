import type { TranslationBundle } from "@jupyterlab/translation";
import { visibleText } from "../text";
import type { AnyView, IDrawnKind } from "../tokens";
import type { Drawing, Figure, LineTrace, Theme } from "./drawing";
import { FigureError } from "./figure";
import { formatValue } from "./numbers";
import { plotlyText } from "./plotlyText";

const HEIGHT = 300;
const MOST_WIDTH = 760;
/** Beyond this many points their markers run into each other. */
const MOST_MARKERS = 60;

/** Values along an axis, such as a loss over steps. */
export const lineView: IDrawnKind = {
  hidesShape: true,
  draw(view: AnyView, figure: Figure, theme: Theme, trans: TranslationBundle): Drawing {
    const lines = figure.traces.filter((trace): trace is LineTrace => trace.kind === "line");
    if (lines.length === 0) throw new FigureError("The figure of this view holds no line.");
    const xTitle = figure.xTitle ?? view.dims.at(-1) ?? "";
    const yTitle = figure.yTitle ?? "";
    return {
      data: lines.map((line, at) => ({
        type: "scatter",
        mode: line.y.length <= MOST_MARKERS ? "lines+markers" : "lines",
        ...(line.x
          ? { x: line.x.map((place) => (typeof place === "string" ? plotlyText(place) : place)) }
          : {}),
        y: line.y,
        name: plotlyText(line.name ?? ""),
        line: { color: theme.lines[at % theme.lines.length], width: 2 },
        marker: { size: 5 },
        hoverinfo: "none",
      })),
      layout: {
        showlegend: lines.length > 1,
        hovermode: "closest",
        xaxis: { ...axis(xTitle, theme), nticks: 10 },
        yaxis: { ...axis(yTitle, theme), type: figure.isYLogarithmic ? "log" : "linear" },
      },
      size: (width) => ({ width: Math.min(width, MOST_WIDTH), height: HEIGHT }),
      readout: ({ trace, column }) => {
        const line = lines[trace];
        if (!line) return [];
        const value = line.y[column];
        if (value === undefined) return [];
        const place = line.x?.[column] ?? column;
        const what = line.name ?? (yTitle || trans.__("value"));
        return [
          visibleText(
            `${xTitle || trans.__("index")} ${typeof place === "number" ? formatValue(place) : place}`,
          ),
          visibleText(`${what} ${formatValue(value)}`),
        ];
      },
      notes: [],
    };
  },
};

function axis(title: string, theme: Theme): Record<string, unknown> {
  return {
    title: { text: plotlyText(title), font: { color: theme.mutedText, size: 12 }, standoff: 8 },
    color: theme.text,
    gridcolor: theme.grid,
    zeroline: false,
    automargin: true,
  };
}
