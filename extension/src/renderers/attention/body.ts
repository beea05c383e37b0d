import type { Highlight, IBodiedKind } from "../../tokens";
import type { Drawing, Theme } from "../drawing";
import { element } from "../elements";
import {
  type Choice,
  dataOf,
  exactAt,
  fetchWindow,
  SETTLE_MS,
  wholeOf,
  windowOf,
  wordsOf,
} from "../live/closeLook";
import type { Hover, Zoom } from "../picture";
import { PictureBody } from "../pictureBody";
import type { PlaneData } from "../planeData";
import type { ViewContent, ViewTools } from "../viewBody";
import { drawHead } from "./draw";
import { type Heads, planeOfHead, readHeads } from "./heads";
import { Thumbnails } from "./thumbnails";
import { TokenText } from "./tokenText";

/** Most queries and keys of the large head that are fetched: beyond that cells are smaller than points of the screen. */
const MOST: readonly [number, number] = [512, 512];

/** Attention patterns: all heads small, one large, and the text coloured by it. */
export const attentionView: IBodiedKind = {
  open: (content, tools) => new AttentionBody(content, tools),
};

class AttentionBody extends PictureBody {
  constructor(content: ViewContent, tools: ViewTools) {
    super(content, tools);
    this.heads = readHeads(content.view, content.figure);
    this.thumbnails = new Thumbnails(tools.trans, (at) => this.choose(at));
    this.text = new TokenText(tools.trans, (token) => {
      this.pointed = token === null ? null : { token };
      tools.point(token === null ? null : { ...this.head(), token });
      this.frames();
    });
    this.status.setAttribute("role", "status");
    this.node.append(this.thumbnails.node, this.host, this.status, this.text.node);
    this.askSoon();
  }

  update(content: ViewContent): void {
    this.content = content;
    this.heads = readHeads(content.view, content.figure);
    this.chosen = Math.min(this.chosen, this.heads.heads.length - 1);
    this.closer = null;
    this.askSoon();
  }

  override highlight(highlight: Highlight | null): void {
    this.text.highlight(highlight?.token ?? null);
    super.highlight(highlight);
  }

  override dispose(): void {
    window.clearTimeout(this.timer);
    window.clearTimeout(this.hoverTimer);
    this.turn++;
    super.dispose();
  }

  protected makeDrawing(theme: Theme): Drawing {
    const { heads, chosen, closer } = this;
    const all = heads.heads;
    this.thumbnails.node.hidden = all.length === 1;
    if (all.length > 1) this.thumbnails.draw(all, heads.limit, chosen, theme);
    const shown = closer ? { ...all[chosen], rows: closer.rows } : all[chosen];
    const axes = closer ? { ...heads, queries: closer.y, keys: closer.x } : heads;
    this.text.show(axes, shown, theme);
    const { trans } = this.tools;
    const drawing = drawHead(this.content.view, shown, axes, theme, trans);
    this.tools.setNotes([
      trans.__("Rows are queries, columns are keys: each row tells from where its token reads."),
      ...(closer ? [this.closerNote(closer)] : []),
      ...drawing.notes,
    ]);
    return drawing;
  }

  protected override show(hover: Hover | null): readonly string[] {
    window.clearTimeout(this.hoverTimer);
    const lines = super.show(hover);
    this.text.highlight((hover && this.drawing?.link?.(hover.place)?.token) ?? null);
    const data = this.closer ?? planeOfHead(this.content.view, this.heads, this.chosen);
    if (!hover || lines.length === 0 || !data) return lines;
    this.hoverTimer = window.setTimeout(() => void this.showExact(hover, lines, data), SETTLE_MS);
    return lines;
  }

  protected override zoomTo(zoom: Zoom | null): void {
    this.zoom = zoom;
    this.askSoon();
  }

  private choose(at: number): void {
    this.chosen = at;
    this.closer = null;
    this.askSoon();
    void this.redraw();
  }

  private closerNote({ y, x }: PlaneData): string {
    const { trans } = this.tools;
    const merged = [y, x].filter(({ perCell }) => perCell > 1);
    return merged.length === 0
      ? trans.__("The large head has every value, from the kernel.")
      : trans.__(
          "The large head is from the kernel: each cell is the largest of %1.",
          merged.map(({ perCell, title }) => `${perCell} ${title}`).join(" × "),
        );
  }

  /** Where heads are merged to fit beside each other, the large one comes in full from the kernel. */
  private askSoon(): void {
    window.clearTimeout(this.timer);
    const { plane } = this.content.view;
    if (!plane || (plane.rowsPerCell === 1 && plane.columnsPerCell === 1)) return;
    this.timer = window.setTimeout(() => void this.ask(), SETTLE_MS);
  }

  private async ask(): Promise<void> {
    const turn = ++this.turn;
    const { content, tools, chosen } = this;
    const choice = this.choiceOf(chosen);
    if (!choice || content.view.handle === undefined) return;
    const whole = wholeOf(content.view, choice);
    const part = this.zoom ? windowOf(this.zoom, content.view, choice) : whole;
    try {
      const region = await fetchWindow(content, tools, choice, part, MOST);
      if (turn !== this.turn) return;
      this.closer = dataOf(content.view, choice, part, region);
      this.status.textContent = "";
    } catch (error) {
      if (turn !== this.turn) return;
      this.closer = null;
      // A notebook that is only read says so once somebody looks closer.
      this.status.textContent = this.zoom
        ? tools.trans.__("%1 The saved picture is shown.", wordsOf(error))
        : "";
    }
    await this.redraw();
  }

  private choiceOf(chosen: number): Choice | null {
    return planeOfHead(this.content.view, this.heads, chosen)?.plane ?? null;
  }

  private async showExact(hover: Hover, lines: readonly string[], data: PlaneData): Promise<void> {
    const timer = this.hoverTimer;
    const exact = await exactAt(this.content, this.tools, data, hover.place);
    if (exact && timer === this.hoverTimer) this.tools.readout([...lines.slice(0, -1), ...exact], hover);
  }

  private head(): Highlight {
    const { number } = this.heads.heads[this.chosen];
    return { node: this.content.view.node, ...(number === null ? {} : { head: number }) };
  }

  private readonly thumbnails: Thumbnails;
  private readonly text: TokenText;
  private readonly status = element("div", "gp-View-status");
  private heads: Heads;
  private chosen = 0;
  private zoom: Zoom | null = null;
  /** The large head as the kernel has it; null where the notebook's own is shown. */
  private closer: PlaneData | null = null;
  private timer = 0;
  private hoverTimer = 0;
  private turn = 0;
}
