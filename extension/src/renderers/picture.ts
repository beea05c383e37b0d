import type { IDisposable } from "@lumino/disposable";
import type plotly from "plotly.js-cartesian-dist-min";
import type { Drawing, Place, Theme } from "./drawing";

/** No button that uploads, no link to anywhere, no formulas: whatever a figure asks for. */
const CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  showEditInChartStudio: false,
  plotlyServerURL: "",
  typesetMath: false,
  responsive: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  toImageButtonOptions: { format: "png", scale: 2 },
};

const MARGIN = { l: 8, r: 8, t: 12, b: 8 };

/** Plotly is a chunk of its own, fetched for the first picture only. */
async function loadPlotly(): Promise<typeof plotly> {
  const module = await import(/* webpackChunkName: "plotly" */ "plotly.js-cartesian-dist-min");
  return module.default;
}

/** Where the pointer is: a place in the picture, and in the window. */
export interface Hover {
  readonly place: Place;
  readonly clientX: number;
  readonly clientY: number;
}

/** One plotly picture in an element of the page. */
export class Picture implements IDisposable {
  constructor(
    private readonly host: HTMLElement,
    private readonly onHover: (hover: Hover | null) => void,
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Draws, or draws again: at the width the host has now. */
  async draw(drawing: Drawing, theme: Theme): Promise<void> {
    this.plotly ??= await loadPlotly();
    if (this._isDisposed) return;
    const layout = {
      ...drawing.layout,
      ...drawing.size(this.host.clientWidth),
      margin: MARGIN,
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: theme.font, size: 12, color: theme.text },
      modebar: { bgcolor: "transparent", color: theme.mutedText, activecolor: theme.text },
    };
    const element = await this.plotly.react(this.host, drawing.data, layout, CONFIG);
    if (this.isDrawn || this._isDisposed) return;
    this.isDrawn = true;
    element.on("plotly_hover", ({ points, event }) => {
      const point = points[0];
      if (!point) return;
      const [row, column] =
        typeof point.pointNumber === "number" ? [0, point.pointNumber] : point.pointNumber;
      this.onHover({
        place: { trace: point.curveNumber, row, column },
        clientX: event.clientX,
        clientY: event.clientY,
      });
    });
    element.on("plotly_unhover", () => this.onHover(null));
  }

  dispose(): void {
    if (this._isDisposed) return;
    this._isDisposed = true;
    if (this.isDrawn) this.plotly?.purge(this.host);
  }

  private plotly: typeof plotly | null = null;
  private isDrawn = false;
  private _isDisposed = false;
}
