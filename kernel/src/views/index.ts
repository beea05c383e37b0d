export { type AttentionOptions, drawAttention } from "./attention";
export { type Drawing, drawingBundle } from "./drawing";
export { drawGrid } from "./grid/drawGrid";
export { gridOfSweep, gridOfTrace, isTraceLike } from "./grid/fromResults";
export { drawGridChart, type GridOptions, type GridValues } from "./grid/gridChart";
export { drawHeatmap, type HeatmapOptions } from "./heatmap";
export { drawLines, type LineOptions, type LineValues } from "./line";
export { type PlotSpec, plotBundle } from "./plot";
export type { Annotation, TensorLike } from "./tensorValues";
