import { PLOTLY_MIME, VIEW_MIME } from "@graphpatch/kernel/protocol";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { ISignal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { visibleText } from "../text";
import type { AnyView, IViewKind, IViewRegistry } from "../tokens";
import type { Drawing, Figure } from "./drawing";
import { FigureError, readFigure } from "./figure";
import { describeStatistics } from "./numbers";
import { type Hover, Picture } from "./picture";
import { readView } from "./readView";
import { readTheme } from "./theme";

/** What a view needs of the page. */
export interface ViewContext {
  readonly registry: IViewRegistry;
  readonly trans: TranslationBundle;
  /** Emitted when the colours of the page have changed; null where they never do. */
  readonly themeChanged: ISignal<unknown, unknown> | null;
}

/** What is drawn, once the bundle has been read. */
interface Content {
  readonly view: AnyView;
  readonly kind: IViewKind;
  readonly figure: Figure;
}

/**
 * Shows one view: its name and shape, the picture, statistics and what is left out.
 *
 * Text is set with `textContent` throughout. What cannot be drawn is said in place of the picture.
 */
export class ViewWidget extends Widget implements IRenderMime.IRenderer {
  constructor(private readonly context: ViewContext) {
    super({ node: document.createElement("figure") });
    this.addClass("gp-View");
    context.themeChanged?.connect(this.redraw, this);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.clear();
    const content = this.read(model);
    if (typeof content === "string") {
      this.showProblem(content, model.data["text/plain"]);
      return;
    }
    this.content = content;
    this.node.append(caption(content.view, content.kind), this.host, this.notes);
    this.tooltip.hidden = true;
    this.node.append(this.tooltip);
    this.picture = new Picture(this.host, (hover) => this.showReadout(hover));
    // The widget has no width yet: the first size draws it, and each later one draws it again.
    this.observer.observe(this.host);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.context.themeChanged?.disconnect(this.redraw, this);
    this.clear();
    super.dispose();
  }

  /** Takes the view and its figure out of the bundle. @returns what is wrong with them, in words. */
  private read(model: IRenderMime.IMimeModel): Content | string {
    const { registry, trans } = this.context;
    const view = readView(model.data[VIEW_MIME]);
    if (!view) return trans.__("The description of this picture is damaged.");
    const kind = registry.get(view.kind);
    if (!kind) {
      return trans.__("This version cannot draw views of the kind “%1”.", visibleText(view.kind));
    }
    try {
      return { view, kind, figure: readFigure(model.data[PLOTLY_MIME]) };
    } catch (error) {
      return problemOf(error);
    }
  }

  private redraw(): void {
    if (this.width > 0) void this.draw();
  }

  private async draw(): Promise<void> {
    const { content, picture } = this;
    if (!content || !picture) return;
    try {
      const theme = readTheme();
      const drawing = content.kind.draw(content.view, content.figure, theme);
      this.drawing = drawing;
      this.showNotes(content.view, drawing);
      await picture.draw(drawing, theme);
    } catch (error) {
      if (picture.isDisposed) return;
      this.clear();
      this.showProblem(problemOf(error), undefined);
    }
  }

  private showNotes(view: AnyView, drawing: Drawing): void {
    const statistics = view.statistics ? describeStatistics(view.statistics) : "";
    const leftOut = view.truncated ? this.context.trans.__("Shown: %1", view.truncated) : "";
    const lines = [statistics, leftOut, ...drawing.notes].filter((line) => line !== "");
    this.notes.replaceChildren(
      ...lines.map((line) => textElement("div", line === leftOut ? "gp-View-truncated" : "", line)),
    );
  }

  private showReadout(hover: Hover | null): void {
    const lines = hover ? (this.drawing?.readout(hover.place) ?? []) : [];
    this.tooltip.hidden = lines.length === 0;
    if (!hover || lines.length === 0) return;
    this.tooltip.replaceChildren(...lines.map((line) => textElement("div", "", line)));
    const frame = this.node.getBoundingClientRect();
    const x = hover.clientX - frame.left;
    const isRight = x > frame.width / 2;
    // On the side away from the edge, so that it is never cut off.
    this.tooltip.style.left = isRight ? "" : `${x + 14}px`;
    this.tooltip.style.right = isRight ? `${frame.width - x + 14}px` : "";
    this.tooltip.style.top = `${hover.clientY - frame.top + 8}px`;
  }

  private showProblem(problem: string, text: unknown): void {
    this.node.append(textElement("p", "gp-View-problem", problem));
    if (typeof text === "string") this.node.append(textElement("pre", "gp-View-text", text));
  }

  private clear(): void {
    this.observer.disconnect();
    this.picture?.dispose();
    this.picture = null;
    this.content = null;
    this.drawing = null;
    this.width = 0;
    this.node.replaceChildren();
    this.host.replaceChildren();
  }

  private readonly host = textElement("div", "gp-View-picture", "");
  private readonly notes = textElement("div", "gp-View-notes", "");
  private readonly tooltip = textElement("div", "gp-View-tooltip", "");
  private readonly observer = new ResizeObserver(() => {
    const width = this.host.clientWidth;
    if (width === 0 || width === this.width) return;
    this.width = width;
    void this.draw();
  });
  private width = 0;
  private content: Content | null = null;
  private drawing: Drawing | null = null;
  private picture: Picture | null = null;
}

/** Name, dtype and shape, as in `mul_3  float32[1, 13, 1536]  batch × token × hidden`. */
function caption(view: AnyView, kind: IViewKind): HTMLElement {
  const element = textElement("figcaption", "gp-View-caption", "");
  element.append(textElement("span", "gp-View-name", visibleText(view.node)));
  if (kind.hidesShape) return element;
  const value = `${view.dtype}[${view.shape.join(", ")}]`;
  element.append(textElement("span", "gp-View-shape", visibleText(value)));
  if (view.dims.length > 0) {
    element.append(textElement("span", "gp-View-dims", visibleText(view.dims.join(" × "))));
  }
  return element;
}

function textElement(tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

function problemOf(error: unknown): string {
  if (error instanceof FigureError) return error.message;
  return `This picture could not be drawn: ${error instanceof Error ? error.message : String(error)}`;
}
