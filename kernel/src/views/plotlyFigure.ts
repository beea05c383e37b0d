import { LINE_COLOURS } from "./colours";
import { plotlyText } from "./labels";
import {
  type Axis,
  type ColourScale,
  type HeatmapPicture,
  type LinePicture,
  type Mark,
  marksOf,
  type Panel,
} from "./picture";

type Json = Record<string, unknown>;

/** A figure as plotly.js takes it. */
export interface PlotlyFigure {
  data: Json[];
  layout: Json;
  config: Json;
}

/** Nothing is sent anywhere: plotly.js 4 offers to share charts by default. */
export const PLOTLY_CONFIG: Json = {
  showSendToCloud: false,
  plotlyServerURL: "",
  displaylogo: false,
  responsive: true,
};

const MAX_MARKS = 400;
/** More clipped cells than this are told of in the title alone: marks on each would hide the picture. */
const MAX_CLIPPED_MARKS = 40;
const MARK_SYMBOLS = { nan: "x", inf: "cross", clipped: "circle-open" } as const;
const MARK_NAMES = { nan: "NaN", inf: "infinite", clipped: "clipped" } as const;
const ROW_HEIGHT = 18;
const PANEL_HEIGHTS = { min: 140, max: 520 };

/** Values as base64 of little-endian float32, which plotly.js reads. */
export function typedArray(values: Float32Array, shape?: readonly number[]): Json {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const array: Json = { dtype: "f4", bdata: bytes.toString("base64") };
  return shape ? { ...array, shape: shape.join(", ") } : array;
}

export function heatmapFigure({ title, subtitle, panels, scale }: HeatmapPicture): PlotlyFigure {
  const columns = gridColumns(panels.length);
  const rows = Math.ceil(panels.length / columns);
  const layout: Json = {
    ...titleLayout(title, subtitle),
    coloraxis: colourAxis(scale),
    margin: { l: 90, r: 20, t: 70, b: 70 },
    showlegend: true,
    legend: { orientation: "h", y: -0.25 },
  };
  const data: Json[] = [];
  const annotations: Json[] = [];
  panels.forEach((panel, i) => {
    const suffix = i === 0 ? "" : String(i + 1);
    const column = i % columns;
    const row = Math.floor(i / columns);
    const x = span(column, columns);
    const y = span(rows - 1 - row, rows);
    layout[`xaxis${suffix}`] = { ...axisLayout(panel.x, panels.length > 1), domain: x, anchor: `y${suffix}` };
    layout[`yaxis${suffix}`] = {
      ...axisLayout(panel.y, panels.length > 1),
      domain: y,
      anchor: `x${suffix}`,
      autorange: "reversed",
    };
    data.push(...panelTraces(panel, scale, suffix));
    if (panel.title !== null) annotations.push(panelTitle(panel.title, x, y));
  });
  if (annotations.length > 0) layout.annotations = annotations;
  const tallest = Math.max(...panels.map(({ grid }) => grid.rows));
  const panelHeight = Math.min(PANEL_HEIGHTS.max, Math.max(PANEL_HEIGHTS.min, tallest * ROW_HEIGHT));
  layout.height = 140 + (rows > 1 ? rows * Math.min(panelHeight, 220) : panelHeight);
  return { data, layout, config: PLOTLY_CONFIG };
}

/** Panels side by side. */
export function gridColumns(panels: number): number {
  return Math.min(panels, panels <= 4 ? panels : Math.ceil(Math.sqrt(panels * 1.5)));
}

function panelTraces(panel: Panel, scale: ColourScale, suffix: string): Json[] {
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  const { grid, x, y } = panel;
  const heatmap: Json = {
    type: "heatmap",
    z: typedArray(grid.values, [grid.rows, grid.columns]),
    coloraxis: "coloraxis",
    hovertemplate: `${plotlyText(y.title)} %{y}<br>${plotlyText(x.title)} %{x}<br>%{z:.5g}<extra></extra>`,
    hoverongaps: false,
    showlegend: false,
    ...axes,
  };
  return [heatmap, ...markTraces(marksOf(panel, scale), suffix)];
}

/** Markers on the cells that have no colour of their own, one trace a kind. */
export function markTraces(marks: readonly Mark[], suffix: string): Json[] {
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  return (["nan", "inf", "clipped"] as const).flatMap((kind) => {
    const own = marks.filter((mark) => mark.kind === kind);
    if (own.length === 0 || (kind === "clipped" && own.length > MAX_CLIPPED_MARKS)) return [];
    const shown = own.slice(0, MAX_MARKS);
    return [
      {
        type: "scatter",
        mode: "markers",
        name:
          own.length > shown.length
            ? `${MARK_NAMES[kind]} (first ${shown.length} of ${own.length})`
            : MARK_NAMES[kind],
        x: shown.map(({ column }) => column),
        y: shown.map(({ row }) => row),
        marker: { symbol: MARK_SYMBOLS[kind], size: 6, color: "#222222" },
        hoverinfo: "name",
        ...axes,
      },
    ];
  });
}

export function titleLayout(title: string, subtitle: string): Json {
  const small = subtitle === "" ? "" : `<br><sup>${plotlyText(subtitle)}</sup>`;
  return { title: { text: `${plotlyText(title)}${small}`, x: 0, xref: "paper", font: { size: 15 } } };
}

export function colourAxis({ stops, min, max, title }: ColourScale): Json {
  return {
    cmin: min,
    cmax: max,
    colorscale: stops.map((colour, i) => [i / (stops.length - 1), colour]),
    colorbar: { thickness: 12, title: { text: plotlyText(title) } },
  };
}

/** Cells are numbered, and labels put beside the numbers: two tokens of one text would be one category. */
export function axisLayout({ title, ticks, isText }: Axis, small: boolean): Json {
  return {
    title: { text: small ? "" : plotlyText(title) },
    tickmode: "array",
    tickvals: ticks.map(({ at }) => at),
    ticktext: ticks.map(({ text }) => plotlyText(text)),
    ...(small ? { showticklabels: !isText, tickfont: { size: 9 } } : {}),
    showgrid: false,
    zeroline: false,
  };
}

function panelTitle(text: string, x: readonly number[], y: readonly number[]): Json {
  return {
    text: plotlyText(text),
    x: (x[0] + x[1]) / 2,
    y: y[1],
    xref: "paper",
    yref: "paper",
    xanchor: "center",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 11 },
  };
}

/** Part of 0…1 that the `i`-th of `count` panels takes, with gaps between. */
function span(i: number, count: number): [number, number] {
  const gap = count > 1 ? 0.12 / count : 0;
  return [i / count + gap, (i + 1) / count - gap];
}

export function lineFigure({ title, xTitle, yTitle, series }: LinePicture): PlotlyFigure {
  return {
    data: series.map(({ name, x, y }, i) => ({
      type: "scatter",
      mode: x.length > 100 ? "lines" : "lines+markers",
      name: plotlyText(name),
      x,
      // Plain numbers, because double precision matters in a reader's hover; what is not finite is a gap.
      y: y.map((value) => (Number.isFinite(value) ? value : null)),
      line: { color: LINE_COLOURS[i % LINE_COLOURS.length], width: 2 },
    })),
    layout: {
      ...titleLayout(title, ""),
      xaxis: { title: { text: plotlyText(xTitle) } },
      yaxis: { title: { text: plotlyText(yTitle) } },
      margin: { l: 70, r: 20, t: title === "" ? 20 : 50, b: 60 },
      showlegend: series.length > 1,
      height: 360,
    },
    config: PLOTLY_CONFIG,
  };
}
