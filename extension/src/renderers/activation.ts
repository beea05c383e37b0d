import type { AnyView, IDrawnKind } from "../tokens";
import { cellAxis, describePlace, hasNames, plotlyAxis } from "./axis";
import { heatmapsOf, markUnusual } from "./cells";
import { divergingScale } from "./colors";
import type { Drawing, Figure, Theme } from "./drawing";
import { formatValue, largest } from "./numbers";

const ROW_HEIGHT = 20;
const MOST_HEIGHT = 460;
const LEAST_HEIGHT = 150;
/** Room beside the cells: axis title, ticks and margins. */
const FRAME_HEIGHT = 64;
const MOST_LABELS = 22;

/** A heat map centred at zero, so that the colours of signs mean the same in every picture. */
export const activationView: IDrawnKind = {
  draw(view: AnyView, figure: Figure, theme: Theme): Drawing {
    const [trace] = heatmapsOf(figure);
    const rows = cellAxis(view, figure, trace, "y");
    const columns = cellAxis(view, figure, trace, "x");
    // A constant zero still needs a scale.
    const limit = view.clip ?? figure.colorLimits?.max ?? (largest(trace.rows) || 1);
    const marks = markUnusual(trace.rows, theme);
    const notes = [...marks.notes];
    if (view.clip !== null) {
      notes.push(`Values beyond ±${formatValue(view.clip)} have the colour of the limit.`);
    }
    const xRoom = hasNames(columns) ? MOST_LABELS : 12;
    return {
      data: [
        {
          type: "heatmap",
          z: trace.rows,
          zmin: -limit,
          zmax: limit,
          colorscale: divergingScale(theme),
          hoverinfo: "none",
          colorbar: {
            thickness: 12,
            outlinewidth: 0,
            tickfont: { color: theme.text },
            tickmode: "array",
            tickvals: [-limit, -limit / 2, 0, limit / 2, limit],
            ticktext: [-limit, -limit / 2, 0, limit / 2, limit].map((value, at) =>
              tick(value, at, view.clip),
            ),
          },
        },
        ...marks.data,
      ],
      layout: {
        xaxis: plotlyAxis(columns, theme, xRoom),
        yaxis: { ...plotlyAxis(rows, theme, MOST_LABELS), autorange: "reversed" },
      },
      size: (width) => {
        const cells = Math.max(LEAST_HEIGHT - FRAME_HEIGHT, rows.length * ROW_HEIGHT);
        return { width, height: Math.min(MOST_HEIGHT, cells + FRAME_HEIGHT) };
      },
      readout: ({ trace: at, row, column }) => {
        const value = trace.rows[row]?.[column];
        if (at !== 0 || value === undefined) return [];
        return [describePlace(rows, row), describePlace(columns, column), formatValue(value)];
      },
      notes,
    };
  },
};

function tick(value: number, at: number, clip: number | null): string {
  const text = formatValue(Number(value.toPrecision(3)));
  if (clip === null) return text;
  return at === 0 ? `≤ ${text}` : at === 4 ? `≥ ${text}` : text;
}
