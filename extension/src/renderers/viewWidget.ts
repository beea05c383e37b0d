import { PLOTLY_MIME, VIEW_MIME } from "@graphpatch/kernel/protocol";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { IDisposable } from "@lumino/disposable";
import type { ISignal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { visibleText } from "../text";
import type { AnyView, Highlight, IHighlights, IViewKind, IViewRegistry } from "../tokens";
import { CodeOffer } from "./codeOffer";
import { DrawnBody } from "./drawnBody";
import { element } from "./elements";
import { FigureError, readFigure } from "./figure";
import type { ViewScope } from "./live/scope";
import { describeStatistics } from "./numbers";
import { readView } from "./readView";
import { readTheme } from "./theme";
import type { Anchor, ViewBody, ViewContent, ViewTools } from "./viewBody";

const EMPTY_FIGURE = readFigure({ data: [] });

/** What a view needs of the page. */
export interface ViewContext {
  readonly registry: IViewRegistry;
  readonly trans: TranslationBundle;
  /** Emitted when the colours of the page have changed; null where they never do. */
  readonly themeChanged: ISignal<unknown, unknown> | null;
  readonly highlights: IHighlights;
  /** The notebook that shows an element; null for none. */
  scopeAt(node: Node): ViewScope | null;
  /** Shows a node in the node browser. */
  reveal(node: string): void;
}

/** A view as it is shown. */
interface Shown {
  readonly kind: IViewKind;
  readonly kindName: string;
  readonly body: ViewBody;
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
    context.highlights.changed.connect(this.onHighlight, this);
    const { trans } = context;
    this.offer = new CodeOffer(trans, (code) => this.scope?.insertBelow(this.node, code));
    this.tooltip.setAttribute("role", "status");
  }

  /** Shows a bundle; one of the kind that is shown already updates it in place. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const content = this.read(model);
    if (typeof content === "string") {
      this.clear();
      this.showProblem(content, model.data["text/plain"]);
      return;
    }
    this.content = content;
    const { view } = content;
    if (this.shown?.kindName === view.kind) {
      this.retain();
      this.shown.body.update(content);
      this.frame();
      this.redraw();
      return;
    }
    this.clear();
    this.content = content;
    this.frame();
    // The body needs its notebook, which it has once it is in the page; and a width, which comes with that.
    this.observer.observe(this.host);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.context.themeChanged?.disconnect(this.redraw, this);
    this.context.highlights.changed.disconnect(this.onHighlight, this);
    this.clear();
    super.dispose();
  }

  /** Takes the view and its figure out of the bundle. @returns what is wrong with them, in words. */
  private read(model: IRenderMime.IMimeModel): ViewContent | string {
    const { registry, trans } = this.context;
    const view = readView(model.data[VIEW_MIME]);
    if (!view) return trans.__("The description of this picture is damaged.");
    const kind = registry.get(view.kind);
    if (!kind) {
      return trans.__("This version cannot draw views of the kind “%1”.", visibleText(view.kind));
    }
    try {
      const isElsewhere = "open" in kind && kind.hasOwnValues && model.data[PLOTLY_MIME] === undefined;
      const figure = isElsewhere ? EMPTY_FIGURE : readFigure(model.data[PLOTLY_MIME]);
      return { view, figure, data: model.data };
    } catch (error) {
      return problemOf(error, trans);
    }
  }

  /** Everything around the body. */
  private frame(): void {
    const { content } = this;
    if (!content) return;
    const kind = this.context.registry.get(content.view.kind);
    this.alternative.textContent = alternativeOf(content);
    this.node.setAttribute("aria-label", visibleText(content.view.node));
    this.tooltip.hidden = true;
    this.node.replaceChildren(
      caption(content.view, kind?.hidesShape ?? false),
      this.host,
      this.offer.node,
      this.notes,
      this.alternative,
      this.tooltip,
    );
  }

  private redraw(): void {
    if (this.width > 0) void this.draw();
  }

  private async draw(): Promise<void> {
    const { content } = this;
    if (!content) return;
    try {
      this.shown ??= this.open(content);
      await this.shown.body.draw(this.width, readTheme());
    } catch (error) {
      if (this.isDisposed || this.content !== content) return;
      this.clear();
      this.showProblem(problemOf(error, this.context.trans), content.data["text/plain"]);
    }
  }

  private open(content: ViewContent): Shown {
    const { view } = content;
    const kind = this.context.registry.get(view.kind);
    if (!kind) throw new FigureError("This kind of view is no longer known.");
    this.scope = this.context.scopeAt(this.node);
    const tools: ViewTools = {
      trans: this.context.trans,
      scope: this.scope,
      setNotes: (lines, isStored = true) => this.showNotes(lines, isStored),
      readout: (lines, at) => this.showReadout(lines, at),
      point: (highlight) => this.point(highlight),
      offerCode: (title, code) => void this.offer.show(title, code),
      reveal: (node) => this.context.reveal(node),
    };
    const body = "open" in kind ? kind.open(content, tools) : new DrawnBody(kind, content, tools);
    this.host.replaceChildren(body.node);
    this.retain();
    if (this.scope) body.highlight(this.context.highlights.get(this.scope.id));
    return { kind, kindName: view.kind, body };
  }

  /** The kernel keeps the values of what is shown, and may let those of what was shown before go. */
  private retain(): void {
    const handle = this.content?.view.handle;
    if (handle === this.retained?.handle) return;
    const hold = handle === undefined ? null : (this.scope?.values()?.retain(handle) ?? null);
    this.retained?.hold.dispose();
    this.retained = hold && handle !== undefined ? { handle, hold } : null;
  }

  private showNotes(own: readonly string[], isStored: boolean): void {
    const view = this.content?.view;
    if (!view) return;
    const statistics = view.statistics ? describeStatistics(view.statistics, this.context.trans) : "";
    const leftOut =
      view.truncated && isStored ? this.context.trans.__("Shown: %1", visibleText(view.truncated)) : "";
    const lines = [statistics, leftOut, ...own].filter((line) => line !== "");
    this.notes.replaceChildren(
      ...lines.map((line) => element("div", line === leftOut ? "gp-View-truncated" : "", line)),
    );
  }

  private showReadout(lines: readonly string[], at: Anchor | null): void {
    this.tooltip.hidden = !at || lines.length === 0;
    if (!at || lines.length === 0) return;
    this.tooltip.replaceChildren(...lines.map((line) => element("div", "", line)));
    const frame = this.node.getBoundingClientRect();
    const x = at.clientX - frame.left;
    const isRight = x > frame.width / 2;
    // On the side away from the edge, so that it is never cut off.
    this.tooltip.style.left = isRight ? "" : `${x + 14}px`;
    this.tooltip.style.right = isRight ? `${frame.width - x + 14}px` : "";
    this.tooltip.style.top = `${at.clientY - frame.top + 8}px`;
  }

  private point(highlight: Highlight | null): void {
    if (!this.scope) return;
    this.isPointing = highlight !== null;
    this.context.highlights.set(this.scope.id, highlight);
  }

  private onHighlight(_: unknown, scope: string): void {
    // What this view points at itself is under its pointer.
    if (!this.shown || scope !== this.scope?.id || this.isPointing) return;
    this.shown.body.highlight(this.context.highlights.get(scope));
  }

  private showProblem(problem: string, text: unknown): void {
    this.node.append(element("p", "gp-View-problem", problem));
    if (typeof text === "string") this.node.append(element("pre", "gp-View-text", text));
  }

  private clear(): void {
    this.observer.disconnect();
    if (this.isPointing) this.point(null);
    this.shown?.body.dispose();
    this.shown = null;
    this.retained?.hold.dispose();
    this.retained = null;
    this.content = null;
    this.width = 0;
    this.offer.hide();
    this.node.replaceChildren();
    this.host.replaceChildren();
  }

  private readonly host = element("div", "gp-View-host");
  private readonly notes = element("div", "gp-View-notes");
  private readonly alternative = element("div", "gp-View-alternative");
  private readonly tooltip = element("div", "gp-View-tooltip");
  private readonly offer: CodeOffer;
  private readonly observer = new ResizeObserver(() => {
    const width = this.host.clientWidth;
    if (width === 0 || width === this.width) return;
    this.width = width;
    void this.draw();
  });
  private width = 0;
  private scope: ViewScope | null = null;
  private content: ViewContent | null = null;
  private shown: Shown | null = null;
  private retained: { handle: string; hold: IDisposable } | null = null;
  private isPointing = false;
}

/** Name, dtype and shape, as in `mul_3  float32[1, 13, 1536]  batch × token × hidden`. */
function caption(view: AnyView, hidesShape: boolean): HTMLElement {
  const made = element("figcaption", "gp-View-caption");
  made.append(element("span", "gp-View-name", visibleText(view.node)));
  if (hidesShape) return made;
  const value = `${view.dtype}[${view.shape.join(", ")}]`;
  made.append(element("span", "gp-View-shape", visibleText(value)));
  if (view.dims.length > 0) {
    made.append(element("span", "gp-View-dims", visibleText(view.dims.join(" × "))));
  }
  return made;
}

const LONGEST_ALTERNATIVE = 600;

/** The picture in words, for those who do not see it: what the bundle says as text. */
function alternativeOf({ data, view }: ViewContent): string {
  const text = data["text/plain"];
  const words = typeof text === "string" ? text : view.node;
  return visibleText(words.slice(0, LONGEST_ALTERNATIVE).replaceAll("\n", "; "));
}

function problemOf(error: unknown, trans: TranslationBundle): string {
  if (error instanceof FigureError) return error.inWords(trans);
  return trans.__(
    "This picture could not be drawn: %1",
    error instanceof Error ? error.message : String(error),
  );
}
