import { STORED_SIZE } from "@graphpatch/kernel/protocol";
import { visibleText } from "../../text";
import type { AnyView, IBodiedKind } from "../../tokens";
import type { Drawing, Theme } from "../drawing";
import { element } from "../elements";
import {
  type Choice,
  dataOf,
  exactAt,
  fetchWindow,
  SETTLE_MS,
  type Window,
  wholeOf,
  windowOf,
  wordsOf,
} from "../live/closeLook";
import type { Hover, Zoom } from "../picture";
import { PictureBody } from "../pictureBody";
import { indexLabel, type PlaneData, storedPlane } from "../planeData";
import type { ViewContent, ViewTools } from "../viewBody";
import { PlaneControls } from "./controls";
import { drawPlane } from "./draw";
import { histogram } from "./histogram";

/** A heat map of any tensor: sliders for the dimensions that are not seen, and a closer look while the kernel has the values. */
export const activationView: IBodiedKind = {
  open: (content, tools) => new ActivationBody(content, tools),
};

class ActivationBody extends PictureBody {
  constructor(content: ViewContent, tools: ViewTools) {
    super(content, tools);
    this.saved = storedPlane(content.view, content.figure);
    this.data = this.saved;
    this.choice = choiceOf(content.view);
    this.controls = new PlaneControls(
      tools.trans,
      (choice) => this.choose(choice),
      () => this.showWhole(),
    );
    this.status.setAttribute("role", "status");
    this.node.append(this.controls.node, this.host, this.status, this.counts);
    this.showControls();
    this.showCounts();
  }

  /** A new tensor of the same shape keeps the plane that is looked at; one of another shape begins anew. */
  update(content: ViewContent): void {
    const before = this.content.view;
    this.content = content;
    this.saved = storedPlane(content.view, content.figure);
    const isSameShape = String(before.shape) === String(content.view.shape);
    if (!isSameShape || !content.view.plane) {
      this.choice = choiceOf(content.view);
      this.window = null;
    }
    this.data = this.saved;
    this.say("");
    this.showControls();
    this.showCounts();
    if (this.isClose) this.ask();
  }

  override dispose(): void {
    window.clearTimeout(this.timer);
    window.clearTimeout(this.hoverTimer);
    this.turn++;
    super.dispose();
  }

  protected makeDrawing(theme: Theme): Drawing {
    const drawing = drawPlane(
      this.content.view,
      this.data,
      theme,
      limitOf(this.content),
      this.window,
      this.tools.trans,
    );
    const leftOut = this.leftOut();
    this.tools.setNotes([...leftOut, ...drawing.notes], leftOut.length === 0);
    return drawing;
  }

  /** What the picture does not show, where that is not what the notebook stored. */
  private leftOut(): string[] {
    if (this.data === this.saved) return [];
    const { trans } = this.tools;
    const { view } = this.content;
    const { plane, y, x } = this.data;
    const fixed = view.shape.flatMap((size, dim) =>
      size > 1 && dim !== plane?.row && dim !== plane?.column
        ? [`${visibleText(view.dims[dim])} ${indexLabel(view, dim, this.choice.index[dim])}`]
        : [],
    );
    const merged = [y, x]
      .filter(({ perCell }) => perCell > 1)
      .map(({ perCell, title }) => `${perCell} ${visibleText(title)}`);
    const parts = [
      ...fixed,
      ...(this.window ? [`${visibleText(y.title)} ${span(y)}, ${visibleText(x.title)} ${span(x)}`] : []),
      merged.length > 0
        ? trans.__("each cell is the value of largest magnitude among %1", merged.join(" × "))
        : trans.__("every value has a cell"),
    ];
    return [trans.__("Now, from the kernel: %1", parts.join("; "))];
  }

  private choose(choice: Choice): void {
    const isTurned = choice.row !== this.choice.row || choice.column !== this.choice.column;
    this.choice = choice;
    if (isTurned) this.forgetZoom();
    this.showControls();
    this.askSoon();
  }

  protected override zoomTo(zoom: Zoom | null): void {
    if (!this.data.plane) return;
    this.window = zoom && windowOf(zoom, this.content.view, this.choice);
    this.showControls();
    this.askSoon();
  }

  private showWhole(): void {
    this.forgetZoom();
    this.showControls();
    this.askSoon();
  }

  private forgetZoom(): void {
    this.window = null;
    void this.picture.showWhole();
  }

  /** Whether something else is looked at than what the notebook stored. */
  private get isClose(): boolean {
    const { plane } = this.content.view;
    if (!plane) return false;
    const isPlane =
      plane.row === this.choice.row &&
      plane.column === this.choice.column &&
      String(plane.index) === String(this.choice.index);
    const isExact = plane.rowsPerCell === 1 && plane.columnsPerCell === 1;
    return !isPlane || (this.window !== null && !isExact);
  }

  private askSoon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(), SETTLE_MS);
  }

  /** Fetches what is looked at, or goes back to what is stored. */
  private ask(): void {
    const turn = ++this.turn;
    if (!this.isClose) {
      this.data = this.saved;
      this.say("");
      void this.redraw();
      return;
    }
    const { content, tools } = this;
    const { view } = content;
    const part = this.window ?? wholeOf(view, this.choice);
    fetchWindow(content, tools, this.choice, part, STORED_SIZE).then(
      (region) => {
        if (turn !== this.turn) return;
        this.data = dataOf(view, this.choice, part, region);
        this.say("");
        void this.redraw();
      },
      (error: unknown) => {
        if (turn !== this.turn) return;
        this.say(tools.trans.__("%1 The saved picture is shown.", wordsOf(error)));
        this.choice = choiceOf(view);
        this.data = this.saved;
        this.showControls();
        void this.redraw();
      },
    );
  }

  protected override show(hover: Hover | null): readonly string[] {
    window.clearTimeout(this.hoverTimer);
    const lines = super.show(hover);
    if (!hover || lines.length === 0 || !this.data.plane) return lines;
    this.hoverTimer = window.setTimeout(() => void this.showExact(hover, lines), SETTLE_MS);
    return lines;
  }

  /** The values behind one cell in full, where the kernel still has them. */
  private async showExact(hover: Hover, lines: readonly string[]): Promise<void> {
    const timer = this.hoverTimer;
    const exact = await exactAt(this.content, this.tools, this.data, hover.place);
    if (exact && timer === this.hoverTimer) this.tools.readout([...lines.slice(0, -1), ...exact], hover);
  }

  private showControls(): void {
    const { view } = this.content;
    if (view.plane) this.controls.show(view, this.choice, this.window !== null);
    this.controls.node.hidden ||= !view.plane;
  }

  private showCounts(): void {
    const { view } = this.content;
    this.counts.replaceChildren(...(view.histogram ? [histogram(view.histogram, this.tools.trans)] : []));
  }

  private say(text: string): void {
    this.status.textContent = text;
  }

  private readonly status = element("div", "gp-View-status");
  private readonly counts = element("div");
  private readonly controls: PlaneControls;
  private saved: PlaneData;
  private data: PlaneData;
  private choice: Choice;
  /** What of the plane is seen; null for all. */
  private window: Window | null = null;
  private timer = 0;
  private hoverTimer = 0;
  private turn = 0;
}

function choiceOf({ plane, shape }: AnyView): Choice {
  return plane ?? { row: null, column: null, index: shape.map(() => 0) };
}

/** End of the colour scale: the same for every part of the tensor. */
function limitOf({ view, figure }: ViewContent): number | null {
  if (figure.colorLimits) return figure.colorLimits.max;
  const { min, max } = view.statistics ?? {};
  return typeof min === "number" && typeof max === "number" ? Math.max(-min, max) || null : null;
}

function span({ index, perCell, length }: PlaneData["y"]): string {
  return `${index(0)}–${index(0) + perCell * length - 1}`;
}
