import type { MimeBundle } from "../display/mimeBundle";
import { PLOTLY_MIME, VIEW_MIME, type View } from "../protocol";
import { type Live, shownValues } from "./live/handles";
import type { PlotlyFigure } from "./plotlyFigure";
import type { PngImage } from "./png/canvas";

/** One picture in all its forms. */
export interface Drawing {
  view: View;
  figure: PlotlyFigure;
  /** Drawn only when it is shown; null where there is no picture without plotly. */
  png: () => PngImage | null;
  text: string;
  /** What a page can look closer at while the kernel lives. */
  live?: Live;
}

/** All forms of a drawing as one output, so that a notebook reads the same with and without the extension. */
export function drawingBundle({ view, figure, png, text, live }: Drawing): MimeBundle {
  // The tensor may have been freed since it was drawn.
  const isThere = live !== undefined && !(live.kind === "tensor" && live.tensor.isDisposed);
  const shown = isThere ? { ...view, handle: shownValues.add(live) } : view;
  const data: MimeBundle["data"] = { [VIEW_MIME]: shown, [PLOTLY_MIME]: figure, "text/plain": text };
  const image = png();
  if (!image) return { data, metadata: {} };
  data["image/png"] = image.bytes.toString("base64");
  return { data, metadata: { "image/png": { width: image.width, height: image.height } } };
}
