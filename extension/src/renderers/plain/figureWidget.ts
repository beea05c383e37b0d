import { PLOTLY_MIME } from "@graphpatch/kernel/protocol";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { ISignal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { visibleText } from "../../text";
import { element } from "../elements";
import { FigureError } from "../figure";
import { CONFIG, loadPlotly, nameButtons } from "../picture";
import { readTheme } from "../theme";
import { type SafeFigure, safeFigure } from "./safeFigure";

const DEFAULT_HEIGHT = 400;
const HEIGHTS = { min: 120, max: 2000 };

/** Shows a plotly figure that has no view beside it, such as what `Plot` makes: the harmless part of it, in the page's colours. */
export class FigureWidget extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly themeChanged: ISignal<unknown, unknown> | null,
  ) {
    super({ node: document.createElement("figure") });
    this.addClass("gp-View");
    themeChanged?.connect(this.redraw, this);
    this.node.append(this.host, this.notes);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const text = model.data["text/plain"];
    const words = typeof text === "string" ? text : this.trans.__("A figure");
    this.node.setAttribute("aria-label", visibleText(words.slice(0, 400)));
    try {
      this.figure = safeFigure(model.data[PLOTLY_MIME]);
    } catch (error) {
      this.figure = null;
      const problem = element(
        "p",
        "gp-View-problem",
        error instanceof FigureError ? error.inWords(this.trans) : String(error),
      );
      this.notes.replaceChildren(problem, element("pre", "gp-View-text", words));
      return;
    }
    this.notes.replaceChildren(...this.figure.notes.map((note) => element("div", "", note)));
    // Once it has a width; and again for each new one.
    if (this.width > 0) this.redraw();
    else this.observer.observe(this.host);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.themeChanged?.disconnect(this.redraw, this);
    this.observer.disconnect();
    void this.purge();
    super.dispose();
  }

  private redraw(): void {
    void this.draw();
  }

  private async draw(): Promise<void> {
    const plotly = await loadPlotly();
    const { figure } = this;
    if (!figure || this.isDisposed || this.width === 0) return;
    const theme = readTheme();
    const { height } = figure.layout;
    const layout = {
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      colorway: theme.lines,
      ...figure.layout,
      xaxis: themed(figure.layout.xaxis, theme.grid),
      yaxis: themed(figure.layout.yaxis, theme.grid),
      font: { family: theme.font, color: theme.text, size: 12 },
      width: this.width,
      height:
        typeof height === "number" ? Math.min(HEIGHTS.max, Math.max(HEIGHTS.min, height)) : DEFAULT_HEIGHT,
    };
    try {
      await plotly.react(this.host, figure.data, layout, CONFIG);
      nameButtons(this.host);
      this.isDrawn = true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.notes.replaceChildren(
        element("p", "gp-View-problem", this.trans.__("Plotly cannot draw this figure: %1", reason)),
      );
    }
  }

  private async purge(): Promise<void> {
    if (this.isDrawn) (await loadPlotly()).purge(this.host);
  }

  private readonly host = element("div", "gp-View-picture");
  private readonly notes = element("div", "gp-View-notes");
  private readonly observer = new ResizeObserver(() => {
    const width = this.host.clientWidth;
    if (width === 0 || width === this.width) return;
    this.width = width;
    this.redraw();
  });
  private figure: SafeFigure | null = null;
  private width = 0;
  private isDrawn = false;
}

/** An axis in the page's colours, where it has none of its own. */
function themed(axis: unknown, grid: string): Record<string, unknown> {
  return {
    gridcolor: grid,
    zerolinecolor: grid,
    automargin: true,
    ...(typeof axis === "object" ? axis : {}),
  };
}
