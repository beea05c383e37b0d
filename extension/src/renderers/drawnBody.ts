import type { Highlight, IDrawnKind } from "../tokens";
import { CellCursor } from "./cellCursor";
import type { Drawing, Theme } from "./drawing";
import { element } from "./elements";
import { type Hover, Picture } from "./picture";
import type { ViewBody, ViewContent, ViewTools } from "./viewBody";

/** The body of a view that is one plotly picture. */
export class DrawnBody implements ViewBody {
  constructor(
    private readonly kind: IDrawnKind,
    private content: ViewContent,
    private readonly tools: ViewTools,
  ) {
    this.node.append(this.host);
    this.picture = new Picture(this.host, {
      onHover: (hover) => this.show(hover),
      onClick: (hover) => this.select(hover),
    });
    this.cursor = new CellCursor(this.host, tools.trans, {
      maps: () => this.drawing?.maps ?? [],
      onMove: (hover) => {
        this.show(hover);
        this.frames();
      },
      onSelect: (hover) => this.select(hover),
    });
  }

  readonly node = element("div", "gp-View-body");

  get isDisposed(): boolean {
    return this.picture.isDisposed;
  }

  async draw(_width: number, theme: Theme): Promise<void> {
    const drawing = this.kind.draw(this.content.view, this.content.figure, theme);
    this.drawing = drawing;
    this.tools.setNotes(drawing.notes);
    await this.picture.draw(drawing, theme);
    this.cursor.refresh();
    // The pointer may rest on a place that has another value now.
    if (this.hovered) this.show(this.hovered);
  }

  update(content: ViewContent): void {
    this.content = content;
  }

  highlight(highlight: Highlight | null): void {
    this.pointed = highlight;
    this.frames();
  }

  dispose(): void {
    this.cursor.dispose();
    this.picture.dispose();
  }

  private show(hover: Hover | null): void {
    this.hovered = hover;
    const { drawing, tools } = this;
    tools.readout(hover && drawing ? drawing.readout(hover.place) : [], hover);
    tools.point((hover && drawing?.link?.(hover.place)) || null);
  }

  private frames(): void {
    const pointed = this.pointed && this.drawing?.frames ? this.drawing.frames(this.pointed) : [];
    void this.picture.frame([...pointed, ...this.cursor.frames]);
  }

  private select(hover: Hover): void {
    const cell = this.drawing?.cell?.(hover.place);
    const { handle } = this.content.view;
    if (!cell || handle === undefined) return;
    const { title, ...place } = cell;
    const values = this.tools.scope?.values();
    const code = values
      ? values.code({ handle, ...place })
      : Promise.reject(new Error(this.tools.trans.__("There is no kernel to ask for the code.")));
    this.tools.offerCode(title, code);
  }

  private readonly host = element("div", "gp-View-picture");
  private readonly picture: Picture;
  private readonly cursor: CellCursor;
  private drawing: Drawing | null = null;
  private pointed: Highlight | null = null;
  private hovered: Hover | null = null;
}
