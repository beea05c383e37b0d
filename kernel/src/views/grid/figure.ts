import { plotlyText } from "../labels";
import {
  axisLayout,
  colourAxis,
  markTraces,
  PLOTLY_CONFIG,
  type PlotlyFigure,
  titleLayout,
  typedArray,
} from "../plotlyFigure";
import { type GridPanel, type GridPicture, unusualMarks } from "./picture";

type Json = Record<string, unknown>;

const ROW_HEIGHT = 20;
const HEIGHTS = { min: 120, max: 720 };
/** Panels beside each other. */
export const PANELS_A_ROW = 3;
/** Part of a panel's width that its colour bar takes. */
const BAR_SHARE = 0.26;

/** The picture for plotly.js: a heat map a panel, each with a colour scale and bar of its own. */
export function gridFigure({ title, subtitle, panels, n }: GridPicture): PlotlyFigure {
  const across = Math.min(panels.length, PANELS_A_ROW);
  const down = Math.ceil(panels.length / across);
  const height = Math.min(HEIGHTS.max, Math.max(HEIGHTS.min, panels[0].grid.rows * ROW_HEIGHT));
  const layout: Json = {
    ...titleLayout(title, subtitle),
    margin: { l: 110, r: 20, t: 90, b: 60 },
    height: 150 + down * height + (down - 1) * 70,
    showlegend: false,
  };
  const annotations: Json[] = [];
  const data = panels.flatMap((panel, i) => {
    const suffix = i === 0 ? "" : String(i + 1);
    const [column, row] = [i % across, Math.floor(i / across)];
    const gap = down > 1 ? 0.16 / down : 0;
    const x = [column / across, (column + 1 - BAR_SHARE) / across];
    const y = [1 - (row + 1) / down + gap, 1 - row / down - gap / 2];
    layout[`xaxis${suffix}`] = { ...axisLayout(panel.x, false), domain: x, anchor: `y${suffix}` };
    layout[`yaxis${suffix}`] = {
      ...axisLayout(panel.y, false),
      ...(column === 0 ? {} : { title: { text: "" }, showticklabels: false }),
      domain: y,
      anchor: `x${suffix}`,
      autorange: "reversed",
    };
    layout[`coloraxis${suffix}`] = barAt(panel, x[1], y);
    if (panel.title !== "") annotations.push(panelTitle(panel.title, x[0], y[1]));
    return [heatmap(panel, suffix, n), ...markTraces(unusualMarks(panel), suffix)];
  });
  if (annotations.length > 0) layout.annotations = annotations;
  return { data, layout, config: PLOTLY_CONFIG };
}

function heatmap({ grid, errors, x, y, scale }: GridPanel, suffix: string, n: number | null): Json {
  const error = errors ? ` ± %{customdata:.2g}` : "";
  const count = n === null ? "" : ` (${errors ? "standard error, " : ""}n = ${n})`;
  return {
    type: "heatmap",
    z: typedArray(grid.values, [grid.rows, grid.columns]),
    ...(errors ? { customdata: typedArray(errors, [grid.rows, grid.columns]) } : {}),
    coloraxis: `coloraxis${suffix}`,
    hovertemplate: `${plotlyText(y.title)} %{y}<br>${plotlyText(x.title)} %{x}<br>${plotlyText(scale.title)} %{z:.4g}${error}${count}<extra></extra>`,
    hoverongaps: false,
    showlegend: false,
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
  };
}

function barAt({ scale }: GridPanel, right: number, [bottom, top]: number[]): Json {
  const axis = colourAxis(scale);
  const bar = {
    ...(axis.colorbar as Json),
    x: right + 0.005,
    xanchor: "left",
    y: (bottom + top) / 2,
    len: top - bottom,
  };
  return {
    ...axis,
    colorbar: {
      ...bar,
      thickness: 10,
      tickfont: { size: 10 },
      title: { text: plotlyText(scale.title), side: "top", font: { size: 11 } },
    },
  };
}

function panelTitle(text: string, x: number, y: number): Json {
  return {
    text: plotlyText(text),
    x,
    y,
    xref: "paper",
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 12 },
  };
}
