export { type AttentionOptions, drawAttention } from "./attention";
export { differenceBundle } from "./difference";
export { type Drawing, drawingBundle } from "./drawing";
export { drawGrid } from "./grid/drawGrid";
export { gridOfSweep, gridOfTrace, isTraceLike } from "./grid/fromResults";
export { drawGridChart, type GridOptions, type GridValues } from "./grid/gridChart";
export { drawHeatmap, type HeatmapOptions } from "./heatmap";
export { drawLines, type LineOptions, type LineValues } from "./line";
export { shownValues } from "./live/handles";
export { ValuesServer } from "./live/valuesServer";
export { type PlotSpec, plotBundle } from "./plot";
export {
  isLensReadings,
  type LensReadingLike,
  lensTable,
  type RowsOptions,
  rowsTable,
  tableBundle,
  withTableView,
  withTreeView,
} from "./table";
export type { Annotation, TensorLike } from "./tensorValues";
