import type { Highlight } from "../tokens";
import { CellCursor } from "./cellCursor";
import type { Drawing, Theme } from "./drawing";
import { element } from "./elements";
import { type Hover, Picture, type Zoom } from "./picture";
import type { ViewBody, ViewContent, ViewTools } from "./viewBody";

/** A body around one plotly picture: pointer and arrow keys read its cells out and point other views at them. */
export abstract class PictureBody implements ViewBody {
  protected constructor(
    protected content: ViewContent,
    protected readonly tools: ViewTools,
  ) {
    this.picture = new Picture(this.host, {
      onHover: (hover) => this.show(hover),
      onClick: (hover) => this.select(hover),
      onZoom: (zoom) => this.zoomTo(zoom),
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
    this.theme = theme;
    await this.redraw();
  }

  abstract update(content: ViewContent): void;

  highlight(highlight: Highlight | null): void {
    this.pointed = highlight;
    this.frames();
  }

  dispose(): void {
    this.cursor.dispose();
    this.picture.dispose();
  }

  /** What to draw now; also tells the notes below it. */
  protected abstract makeDrawing(theme: Theme): Drawing;

  protected async redraw(): Promise<void> {
    const { theme } = this;
    if (!theme || this.isDisposed) return;
    const drawing = this.makeDrawing(theme);
    this.drawing = drawing;
    await this.picture.draw(drawing, theme);
    this.cursor.refresh();
    this.frames();
    // The pointer may rest on a cell that has another value now.
    if (this.hovered) this.show(this.hovered);
  }

  /** Reads a place out, and points other views at it. @returns the lines, none for nothing */
  protected show(hover: Hover | null): readonly string[] {
    this.hovered = hover;
    const { drawing, tools } = this;
    const lines = hover && drawing ? drawing.readout(hover.place) : [];
    tools.readout(lines, hover);
    tools.point((hover && drawing?.link?.(hover.place)) || null);
    return lines;
  }

  protected frames(): void {
    const pointed = this.pointed && this.drawing?.frames ? this.drawing.frames(this.pointed) : [];
    void this.picture.frame([...pointed, ...this.cursor.frames]);
  }

  /** A place was clicked, or chosen with Enter. */
  protected select(_hover: Hover): void {
    // Most pictures offer nothing for a place.
  }

  /** The reader looks at a part of the picture; null for the whole again. */
  protected zoomTo(_zoom: Zoom | null): void {
    // Most pictures hold all they can show.
  }

  protected readonly host = element("div", "gp-View-picture");
  protected readonly picture: Picture;
  protected drawing: Drawing | null = null;
  protected theme: Theme | null = null;
  protected pointed: Highlight | null = null;
  private hovered: Hover | null = null;
  private readonly cursor: CellCursor;
}
