import type { Native } from "../preload/native";
import {
  differenceBundle,
  drawAttention,
  drawGrid,
  drawHeatmap,
  drawingBundle,
  tableBundle as drawTable,
  gridOfSweep,
  gridOfTrace,
  isLensReadings,
  isTraceLike,
  lensTable,
  withTableView,
} from "../views";
import { escapeHtml } from "./html";
import { type Displayer, textBundle } from "./mimeBundle";

/** How objects of @graphpatch/native are shown. `native` is null until it is loaded: before that there are no such objects. */
export function nativeDisplayer(native: () => Native | null): Displayer {
  return (value) => {
    const library = native();
    if (!library || typeof value !== "object" || value === null) return null;
    if (value instanceof library.Tensor) return tensorBundle(value, library);
    if (value instanceof library.TopTokens) return withTableView("most probable tokens", tableBundle(value));
    if (value instanceof library.SweepResult) return gridBundle(value);
    if (value instanceof library.RunDifference) return differenceBundle(value);
    if (isTraceLike(value)) return drawingBundle(drawGrid(gridOfTrace(value)));
    if (isLensReadings(value)) return drawTable(lensTable(value));
    return null;
  };
}

/** A probed activation is drawn; any other tensor is printed as PyTorch prints it. */
function tensorBundle(tensor: InstanceType<Native["Tensor"]>, { annotationOf }: Native) {
  const text = () => textBundle(tensor.isDisposed ? "Tensor (disposed)" : tensor.toString());
  if (tensor.isDisposed) return text();
  const annotation = annotationOf(tensor);
  const drawable = tensor.dim() >= 2 && tensor.numel() > 0 && !tensor.dtype.startsWith("complex");
  if (!annotation || !drawable) return text();
  const draw = annotation.kind === "attention" ? drawAttention : drawHeatmap;
  return drawingBundle(draw(tensor, annotation));
}

/** A grid of cells is drawn; cells on one axis, on none, or on more than three are printed. */
function gridBundle(result: InstanceType<Native["SweepResult"]>) {
  if (result.axes.length !== 2 && result.axes.length !== 3) return textBundle(result.toString());
  const { data, metadata } = drawingBundle(drawGrid(gridOfSweep(result)));
  return { data: { ...data, "text/plain": result.toString() }, metadata };
}

/** A table that reads without styles, for notebooks shown elsewhere. */
function tableBundle(top: InstanceType<Native["TopTokens"]>) {
  const rows = top.rows.map(
    ({ token, id, probability }) =>
      `<tr><td><code>${escapeHtml(JSON.stringify(token))}</code></td><td>${id}</td><td>${(100 * probability).toFixed(2)} %</td></tr>`,
  );
  const html = `<table><thead><tr><th>token</th><th>id</th><th>probability</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  return { data: { "text/html": html, "text/plain": top.toString() }, metadata: {} };
}
