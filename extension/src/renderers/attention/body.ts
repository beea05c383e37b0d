import type { Highlight, IBodiedKind } from "../../tokens";
import { CellCursor } from "../cellCursor";
import type { Drawing, Theme } from "../drawing";
import { element } from "../elements";
import { type Hover, Picture } from "../picture";
import type { ViewBody, ViewContent, ViewTools } from "../viewBody";
import { drawHead } from "./draw";
import { type Heads, readHeads } from "./heads";
import { Thumbnails } from "./thumbnails";
import { TokenText } from "./tokenText";

/** Attention patterns: all heads small, one large, and the text coloured by it. */
export const attentionView: IBodiedKind = {
  open: (content, tools) => new AttentionBody(content, tools),
};

class AttentionBody implements ViewBody {
  constructor(
    private content: ViewContent,
    private readonly tools: ViewTools,
  ) {
    this.heads = readHeads(content.view, content.figure);
    this.thumbnails = new Thumbnails(tools.trans, (at) => this.choose(at));
    this.text = new TokenText(tools.trans, (token) => {
      this.pointed = token === null ? null : { token };
      tools.point(token === null ? null : { ...this.head(), token });
      this.frames();
    });
    this.node.append(this.thumbnails.node, this.host, this.text.node);
    this.picture = new Picture(this.host, { onHover: (hover) => this.show(hover) });
    this.cursor = new CellCursor(this.host, tools.trans, {
      maps: () => this.drawing?.maps ?? [],
      onMove: (hover) => {
        this.show(hover);
        this.frames();
      },
      onSelect: () => undefined,
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

  update(content: ViewContent): void {
    this.content = content;
    this.heads = readHeads(content.view, content.figure);
    this.chosen = Math.min(this.chosen, this.heads.heads.length - 1);
  }

  highlight(highlight: Highlight | null): void {
    this.pointed = highlight;
    this.text.highlight(highlight?.token ?? null);
    this.frames();
  }

  dispose(): void {
    this.cursor.dispose();
    this.picture.dispose();
  }

  private async redraw(): Promise<void> {
    const { theme, heads, chosen } = this;
    if (!theme || this.isDisposed) return;
    const all = heads.heads;
    this.thumbnails.node.hidden = all.length === 1;
    if (all.length > 1) this.thumbnails.draw(all, heads.limit, chosen, theme);
    this.text.show(heads, all[chosen], theme);
    const drawing = drawHead(this.content.view, all[chosen], heads, theme);
    this.drawing = drawing;
    const { trans } = this.tools;
    this.tools.setNotes([
      trans.__("Rows are queries, columns are keys: each row tells from where its token reads."),
      ...drawing.notes,
    ]);
    await this.picture.draw(drawing, theme);
    this.cursor.refresh();
    this.frames();
  }

  private choose(at: number): void {
    this.chosen = at;
    void this.redraw();
  }

  private head(): Highlight {
    const { number } = this.heads.heads[this.chosen];
    return { node: this.content.view.node, ...(number === null ? {} : { head: number }) };
  }

  private show(hover: Hover | null): void {
    const { drawing, tools } = this;
    tools.readout(hover && drawing ? drawing.readout(hover.place) : [], hover);
    const link = (hover && drawing?.link?.(hover.place)) || null;
    tools.point(link);
    this.text.highlight(link?.token ?? null);
  }

  private frames(): void {
    const pointed = this.pointed && this.drawing?.frames ? this.drawing.frames(this.pointed) : [];
    void this.picture.frame([...pointed, ...this.cursor.frames]);
  }

  private readonly host = element("div", "gp-View-picture");
  private readonly thumbnails: Thumbnails;
  private readonly text: TokenText;
  private readonly picture: Picture;
  private readonly cursor: CellCursor;
  private heads: Heads;
  private chosen = 0;
  private drawing: Drawing | null = null;
  private pointed: Highlight | null = null;
  private theme: Theme | null = null;
}
