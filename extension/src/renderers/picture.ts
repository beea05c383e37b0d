import type { IDisposable } from "@lumino/disposable";
import type plotly from "plotly.js-cartesian-dist-min";
import type { Drawing, Frame, Place, Theme } from "./drawing";

/** No button that uploads, no link to anywhere, no formulas: whatever a figure asks for. */
export const CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  showEditInChartStudio: false,
  plotlyServerURL: "",
  typesetMath: false,
  responsive: false,
  showTips: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  toImageButtonOptions: { format: "png", scale: 2 },
};

/** Plotly's buttons stand above the cells. */
const MARGIN = { l: 8, r: 8, t: 28, b: 8 };

/** Plotly is a chunk of its own, fetched for the first picture only. */
export async function loadPlotly(): Promise<typeof plotly> {
  const module = await import(/* webpackChunkName: "plotly" */ "plotly.js-cartesian-dist-min");
  return module.default;
}

/** Where the pointer is: a place in the picture, and in the window. */
export interface Hover {
  readonly place: Place;
  readonly clientX: number;
  readonly clientY: number;
}

/** The part of the axes of a picture that is seen, as plotly has them: from, to. */
export interface Zoom {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** What a picture tells of the pointer. */
export interface PictureEvents {
  onHover(hover: Hover | null): void;
  onClick?(hover: Hover): void;
  /** The reader has zoomed or moved; null after going back to the whole. */
  onZoom?(zoom: Zoom | null): void;
}

/** One plotly picture in an element of the page. */
export class Picture implements IDisposable {
  constructor(
    private readonly host: HTMLElement,
    private readonly events: PictureEvents,
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Draws, or draws again: at the width the host has now. */
  async draw(drawing: Drawing, theme: Theme): Promise<void> {
    this.plotly ??= await loadPlotly();
    if (this._isDisposed) return;
    const width = this.host.clientWidth;
    const size = drawing.size(width);
    const layout = {
      // What the reader zoomed to stays when the picture is drawn again.
      uirevision: "kept",
      ...drawing.layout,
      ...drawing.arrange?.(width),
      ...size,
      shapes: this.frames.map((frame) => shapeOf(frame, theme)),
      margin: MARGIN,
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: theme.font, size: 12, color: theme.text },
      modebar: { bgcolor: "transparent", color: theme.mutedText, activecolor: theme.text },
    };
    this.theme = theme;
    const element = await this.plotly.react(this.host, drawing.data, layout, CONFIG);
    nameButtons(this.host);
    if (this.isDrawn || this._isDisposed) return;
    this.isDrawn = true;
    this.listen(element);
  }

  /** Frames cells, until it is called again. */
  async frame(frames: readonly Frame[]): Promise<void> {
    if (frames.length === 0 && this.frames.length === 0) return;
    this.frames = frames;
    const { plotly, theme } = this;
    if (!plotly || !theme || !this.isDrawn || this._isDisposed) return;
    await plotly.relayout(this.host, { shapes: frames.map((frame) => shapeOf(frame, theme)) });
  }

  /** Undoes what the reader zoomed to. */
  async showWhole(): Promise<void> {
    if (!this.plotly || !this.isDrawn || this._isDisposed) return;
    await this.plotly.relayout(this.host, { "xaxis.autorange": true, "yaxis.autorange": "reversed" });
  }

  dispose(): void {
    if (this._isDisposed) return;
    this._isDisposed = true;
    if (this.isDrawn) this.plotly?.purge(this.host);
  }

  private listen(element: import("plotly.js-cartesian-dist-min").PlotlyElement): void {
    element.on("plotly_hover", (hover) => this.events.onHover(hoverOf(hover)));
    element.on("plotly_unhover", () => this.events.onHover(null));
    element.on("plotly_click", (click) => {
      const hover = hoverOf(click);
      if (hover) this.events.onClick?.(hover);
    });
    element.on("plotly_relayout", (changes) => {
      const zoom = zoomOf(changes);
      if (zoom !== undefined) this.events.onZoom?.(zoom);
    });
  }

  private plotly: typeof plotly | null = null;
  private theme: Theme | null = null;
  private frames: readonly Frame[] = [];
  private isDrawn = false;
  private _isDisposed = false;
}

function hoverOf({ points, event }: { points: plotlyPoint[]; event: MouseEvent }): Hover | null {
  const point = points[0];
  if (!point) return null;
  const [row, column] = typeof point.pointNumber === "number" ? [0, point.pointNumber] : point.pointNumber;
  return {
    place: { trace: point.curveNumber, row, column },
    clientX: event.clientX,
    clientY: event.clientY,
  };
}

type plotlyPoint = import("plotly.js-cartesian-dist-min").PlotlyPoint;

/** What a change of the layout did to the first axes: where they are now, null for the whole, undefined for nothing. */
function zoomOf(changes: Readonly<Record<string, unknown>>): Zoom | null | undefined {
  if (changes["xaxis.autorange"] === true || changes["yaxis.autorange"] === true) return null;
  const range = (axis: string): readonly [number, number] | null => {
    const [from, to] = [changes[`${axis}.range[0]`], changes[`${axis}.range[1]`]];
    return typeof from === "number" && typeof to === "number" ? [from, to] : null;
  };
  const [x, y] = [range("xaxis"), range("yaxis")];
  if (!x && !y) return undefined;
  const whole = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  return { x: x ?? whole, y: y ?? whole };
}

function shapeOf({ map, rows, columns }: Frame, theme: Theme): Readonly<Record<string, unknown>> {
  const [row, column] = map.origin ?? [0, 0];
  const [tall, wide] = map.perCell ?? [1, 1];
  return {
    type: "rect",
    xref: map.xaxis,
    yref: map.yaxis,
    x0: column + columns[0] * wide - 0.5,
    x1: column + (columns[1] + 1) * wide - 0.5,
    y0: row + rows[0] * tall - 0.5,
    y1: row + (rows[1] + 1) * tall - 0.5,
    line: { color: theme.accent, width: 2 },
    fillcolor: "transparent",
  };
}

/** Plotly's buttons are named for the pointer only. */
export function nameButtons(host: HTMLElement): void {
  for (const button of host.querySelectorAll<HTMLElement>(".modebar-btn")) {
    const name = button.dataset.title;
    if (name && !button.hasAttribute("aria-label")) button.setAttribute("aria-label", name);
  }
}
