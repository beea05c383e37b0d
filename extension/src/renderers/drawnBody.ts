import type { IDrawnKind } from "../tokens";
import type { Drawing, Theme } from "./drawing";
import type { Hover } from "./picture";
import { PictureBody } from "./pictureBody";
import type { ViewContent, ViewTools } from "./viewBody";

/** The body of a view that is one plotly picture. */
export class DrawnBody extends PictureBody {
  constructor(
    private readonly kind: IDrawnKind,
    content: ViewContent,
    tools: ViewTools,
  ) {
    super(content, tools);
    this.node.append(this.host);
  }

  update(content: ViewContent): void {
    this.content = content;
  }

  protected makeDrawing(theme: Theme): Drawing {
    const drawing = this.kind.draw(this.content.view, this.content.figure, theme, this.tools.trans);
    this.tools.setNotes(drawing.notes);
    return drawing;
  }

  protected override select(hover: Hover): void {
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
}
