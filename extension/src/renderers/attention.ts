import type { AnyView, IViewKind } from "../tokens";
import { cellAxis, describePlace, plotlyAxis } from "./axis";
import { markUnusual, onlyHeatmap } from "./cells";
import { sequentialScale } from "./colors";
import type { Drawing, Figure, Theme } from "./drawing";
import { formatValue, largest } from "./numbers";

const CELL = 24;
const MOST_CELLS = 480;
const LEAST_CELLS = 160;
/** Room beside the cells: axis titles, labels and the colour bar. */
const FRAME_WIDTH = 210;
const FRAME_HEIGHT = 90;
const MOST_LABELS = 24;

/** Probabilities of attention: each row is a token, and says from where it reads. */
export const attentionView: IViewKind = {
  draw(view: AnyView, figure: Figure, theme: Theme): Drawing {
    const trace = onlyHeatmap(figure.traces);
    const queries = cellAxis(view, figure, trace, "y");
    const keys = cellAxis(view, figure, trace, "x");
    // Probabilities begin at 0; the scale ends at the largest, and says so.
    const limit = trace.zmax ?? (largest(trace.rows) || 1);
    const marks = markUnusual(trace.rows, theme);
    return {
      data: [
        {
          type: "heatmap",
          z: trace.rows,
          zmin: 0,
          zmax: limit,
          colorscale: sequentialScale(theme),
          xgap: 1,
          ygap: 1,
          hoverinfo: "none",
          colorbar: { thickness: 12, outlinewidth: 0, tickfont: { color: theme.text }, nticks: 6 },
        },
        ...marks.data,
      ],
      layout: {
        // Cells are square, whatever the width of the page.
        xaxis: { ...plotlyAxis(keys, theme, MOST_LABELS), constrain: "domain", tickangle: -50 },
        yaxis: {
          ...plotlyAxis(queries, theme, MOST_LABELS),
          autorange: "reversed",
          scaleanchor: "x",
          constrain: "domain",
        },
      },
      size: (width) => {
        const cells = Math.max(LEAST_CELLS, Math.min(MOST_CELLS, queries.length * CELL));
        return { width: Math.min(width, cells + FRAME_WIDTH), height: cells + FRAME_HEIGHT };
      },
      readout: ({ trace: at, row, column }) => {
        const value = trace.rows[row]?.[column];
        if (at !== 0 || value === undefined) return [];
        return [
          `from ${describePlace(queries, row)}`,
          `to ${describePlace(keys, column)}`,
          formatValue(value),
        ];
      },
      notes: marks.notes,
    };
  },
};
