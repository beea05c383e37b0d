import { STORED_SIZE, type ViewPlane } from "@graphpatch/kernel/protocol";
import { visibleText } from "../../text";
import type { AnyView, Highlight, IBodiedKind } from "../../tokens";
import { CellCursor } from "../cellCursor";
import type { Drawing, Theme } from "../drawing";
import { element } from "../elements";
import { MissingValuesError, type Region, type ValuesClient } from "../live/valuesClient";
import { type Hover, Picture, type Zoom } from "../picture";
import type { ViewBody, ViewContent, ViewTools } from "../viewBody";
import { type Choice, PlaneControls } from "./controls";
import { drawPlane, type Window } from "./draw";
import { histogram } from "./histogram";
import { indexLabel, type PlaneData, planeAxis, storedPlane } from "./planeData";

/** Waits so long before it asks the kernel, so that a moving pointer or slider asks for where it stops. */
const SETTLE_MS = 120;

/** A heat map of any tensor: sliders for the dimensions that are not seen, and a closer look while the kernel has the values. */
export const activationView: IBodiedKind = {
  open: (content, tools) => new ActivationBody(content, tools),
};

class ActivationBody implements ViewBody {
  constructor(
    private content: ViewContent,
    private readonly tools: ViewTools,
  ) {
    const { trans } = tools;
    this.saved = storedPlane(content.view, content.figure);
    this.data = this.saved;
    this.choice = choiceOf(content.view);
    this.controls = new PlaneControls(
      trans,
      (choice) => this.choose(choice),
      () => this.showWhole(),
    );
    this.status.setAttribute("role", "status");
    this.node.append(this.controls.node, this.host, this.status, this.counts);
    this.picture = new Picture(this.host, {
      onHover: (hover) => this.show(hover),
      onZoom: (zoom) => this.zoomTo(zoom),
    });
    this.cursor = new CellCursor(this.host, trans, {
      maps: () => this.drawing?.maps ?? [],
      onMove: (hover) => {
        this.show(hover);
        this.frames();
      },
      onSelect: () => undefined,
    });
    this.showControls();
    this.showCounts();
  }

  readonly node = element("div", "gp-View-body");

  get isDisposed(): boolean {
    return this.picture.isDisposed;
  }

  async draw(_width: number, theme: Theme): Promise<void> {
    this.theme = theme;
    await this.redraw();
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

  highlight(highlight: Highlight | null): void {
    this.pointed = highlight;
    this.frames();
  }

  dispose(): void {
    window.clearTimeout(this.timer);
    window.clearTimeout(this.hoverTimer);
    this.turn++;
    this.cursor.dispose();
    this.picture.dispose();
  }

  private async redraw(): Promise<void> {
    if (!this.theme || this.isDisposed) return;
    const { view } = this.content;
    const drawing = drawPlane(view, this.data, this.theme, limitOf(this.content), this.window);
    this.drawing = drawing;
    const leftOut = this.leftOut();
    this.tools.setNotes([...leftOut, ...drawing.notes], leftOut.length === 0);
    await this.picture.draw(drawing, this.theme);
    this.cursor.refresh();
    this.frames();
    // The pointer may rest on a cell that has another value now.
    if (this.hovered) this.show(this.hovered);
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

  private zoomTo(zoom: Zoom | null): void {
    const { view } = this.content;
    if (!this.data.plane) return;
    this.window = zoom && windowOf(zoom, view, this.choice);
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
    const { view } = this.content;
    const window = this.window ?? wholeOf(view, this.choice);
    this.fetch(window, STORED_SIZE).then(
      (region) => {
        if (turn !== this.turn) return;
        this.data = dataOf(view, this.choice, window, region);
        this.say("");
        void this.redraw();
      },
      (error: unknown) => {
        if (turn !== this.turn) return;
        this.say(this.tools.trans.__("%1 The saved picture is shown.", wordsOf(error)));
        this.choice = choiceOf(view);
        this.data = this.saved;
        this.showControls();
        void this.redraw();
      },
    );
  }

  private async fetch(
    window: Window,
    most: readonly [number, number],
    choice = this.choice,
  ): Promise<Region> {
    const { handle } = this.content.view;
    const values: ValuesClient | null = this.tools.scope?.values() ?? null;
    if (!values) {
      throw new MissingValuesError(
        "unreachable",
        this.tools.trans.__("There is no kernel to ask for other values."),
      );
    }
    if (handle === undefined) {
      throw new MissingValuesError(
        "gone",
        this.tools.trans.__("The kernel does not keep the values of this picture."),
      );
    }
    return values.region({
      handle,
      row: choice.row,
      column: choice.column,
      index: [...choice.index],
      rows: [window.rows[0], window.rows[1] + 1],
      columns: [window.columns[0], window.columns[1] + 1],
      most: [...most],
    });
  }

  private show(hover: Hover | null): void {
    this.hovered = hover;
    window.clearTimeout(this.hoverTimer);
    const { drawing, tools } = this;
    const lines = hover && drawing ? drawing.readout(hover.place) : [];
    tools.readout(lines, hover);
    tools.point((hover && drawing?.link?.(hover.place)) || null);
    if (!hover || lines.length === 0 || !this.data.plane) return;
    this.hoverTimer = window.setTimeout(() => void this.showExact(hover, lines), SETTLE_MS);
  }

  /** The values behind one cell in full, where the kernel still has them. */
  private async showExact(hover: Hover, lines: readonly string[]): Promise<void> {
    const timer = this.hoverTimer;
    const { y, x, plane } = this.data;
    if (!plane || y.perCell * x.perCell > MOST_BEHIND) return;
    const { view } = this.content;
    const whole = wholeOf(view, plane);
    const cell = ({ perCell, index }: typeof y, at: number, last: number): [number, number] => [
      index(at),
      Math.min(last, index(at) + perCell - 1),
    ];
    const { row, column } = hover.place;
    const behind = { rows: cell(y, row, whole.rows[1]), columns: cell(x, column, whole.columns[1]) };
    try {
      const region = await this.fetch(behind, [MOST_BEHIND, MOST_BEHIND], plane);
      if (timer !== this.hoverTimer || !region.exact) return;
      this.tools.readout([...lines.slice(0, -1), ...exactLines(region, behind, y.title, x.title)], hover);
    } catch {
      // The readout keeps the value of the picture; sliders and zoom say why there is no other.
    }
  }

  private frames(): void {
    const pointed = this.pointed && this.drawing?.frames ? this.drawing.frames(this.pointed) : [];
    void this.picture.frame([...pointed, ...this.cursor.frames]);
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

  private readonly host = element("div", "gp-View-picture");
  private readonly status = element("div", "gp-View-status");
  private readonly counts = element("div");
  private readonly controls: PlaneControls;
  private readonly picture: Picture;
  private readonly cursor: CellCursor;
  private saved: PlaneData;
  private data: PlaneData;
  private choice: Choice;
  /** What of the plane is seen; null for all. */
  private window: Window | null = null;
  private drawing: Drawing | null = null;
  private pointed: Highlight | null = null;
  private hovered: Hover | null = null;
  private theme: Theme | null = null;
  private timer = 0;
  private hoverTimer = 0;
  private turn = 0;
}

/** So many values behind a cell can be read out. */
const MOST_BEHIND = 64;

function choiceOf({ plane, shape }: AnyView): Choice {
  return plane ?? { row: null, column: null, index: shape.map(() => 0) };
}

function sizeOf({ shape }: AnyView, dim: number | null): number {
  return dim === null ? 1 : shape[dim];
}

function wholeOf(view: AnyView, { row, column }: Choice): Window {
  return { rows: [0, sizeOf(view, row) - 1], columns: [0, sizeOf(view, column) - 1] };
}

/** Entries that are seen, at least in part. */
function windowOf({ x, y }: Zoom, view: AnyView, choice: Choice): Window {
  const entries = (range: readonly [number, number], size: number): [number, number] => {
    const [from, to] = [Math.min(...range), Math.max(...range)];
    const first = Math.min(size - 1, Math.max(0, Math.floor(from + 0.5)));
    return [first, Math.max(first, Math.min(size - 1, Math.ceil(to - 0.5)))];
  };
  return { rows: entries(y, sizeOf(view, choice.row)), columns: entries(x, sizeOf(view, choice.column)) };
}

function dataOf(view: AnyView, choice: Choice, window: Window, region: Region): PlaneData {
  const { rows, columns, rowsPerCell, columnsPerCell, values } = region;
  const plane: ViewPlane = { ...choice, rowsPerCell, columnsPerCell };
  return {
    rows: Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns)),
    y: planeAxis(view, choice.row, window.rows[0], rows, rowsPerCell),
    x: planeAxis(view, choice.column, window.columns[0], columns, columnsPerCell),
    plane,
  };
}

/** End of the colour scale: the same for every part of the tensor. */
function limitOf({ view, figure }: ViewContent): number | null {
  if (figure.colorLimits) return figure.colorLimits.max;
  const { min, max } = view.statistics ?? {};
  return typeof min === "number" && typeof max === "number" ? Math.max(-min, max) || null : null;
}

/** The one value, or the largest of those behind a cell and where it is. */
function exactLines(
  { exact, values, rows, columns }: Region,
  behind: Window,
  yTitle: string,
  xTitle: string,
): string[] {
  if (!exact) return [];
  if (exact.length === 1) return [exact[0]];
  let best = 0;
  values.forEach((value, i) => {
    if (Number.isNaN(value) || Math.abs(value) > Math.abs(values[best])) best = i;
  });
  const places = [
    ...(rows > 1 ? [`${yTitle} ${behind.rows[0] + Math.floor(best / columns)}`] : []),
    ...(columns > 1 ? [`${xTitle} ${behind.columns[0] + (best % columns)}`] : []),
  ];
  const line = visibleText(`${exact[best]} at ${places.join(", ")}`);
  return exact.length > MOST_LISTED ? [line] : [line, visibleText(`of ${exact.join(", ")}`)];
}

const MOST_LISTED = 4;

function span({ index, perCell, length }: PlaneData["y"]): string {
  return `${index(0)}–${index(0) + perCell * length - 1}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
