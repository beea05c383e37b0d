import type { LensReading, Tensor, Tokenizer } from "@graphpatch/native";
import { describe, type MimeBundle } from "../display/mimeBundle";
import {
  type AttentionOptions,
  type Drawing,
  drawAttention,
  drawGridChart,
  drawHeatmap,
  drawingBundle,
  drawLines,
  type GridOptions,
  type GridValues,
  type HeatmapOptions,
  type LineOptions,
  type LineValues,
  lensTable,
  type PlotSpec,
  plotBundle,
  type RowsOptions,
  rowsTable,
  tableBundle,
} from "../views";
import type { Native } from "./native";

const JUPYTER_DISPLAY = Symbol.for("Jupyter.display");
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Something to show as the last value of a cell, or with `display`. */
export class Picture {
  readonly #bundle: () => MimeBundle;

  constructor(bundle: () => MimeBundle) {
    this.#bundle = bundle;
  }

  [JUPYTER_DISPLAY](): [MimeBundle["data"], MimeBundle["metadata"]] {
    const { data, metadata } = this.#bundle();
    return [data, metadata];
  }

  [INSPECT](): string {
    return String(this.#bundle().data["text/plain"]);
  }
}

function pictureOf(drawing: Drawing): Picture {
  return new Picture(() => drawingBundle(drawing));
}

/** The functions that draw, as cells call them. */
export interface Pictures {
  /** A heat map of a tensor, centred at zero. What a probe recorded knows its node, dimensions and tokens already. */
  heatmap(tensor: Tensor, options?: HeatmapOptions): Picture;
  /** Attention patterns: all heads side by side, or one, large. Rows are queries, columns keys. */
  attentionPattern(tensor: Tensor, options?: AttentionOptions): Picture;
  /**
   * Layer × token grids after ROME: tokens down, layers across, the subject's tokens starred. Draws a causal trace, a sweep's result, a tensor
   * of two dimensions (head × layer, say), or several by title, side by side.
   */
  gridChart(values: GridValues, options?: GridOptions): Picture;
  /**
   * What each block would predict, as `pg.logitLens` returns it: a row a layer, its most probable tokens first. With a tokenizer their texts, else
   * their ids.
   */
  lensTable(readings: readonly LensReading[], tokenizer?: Pick<Tokenizer, "tokenOf">): Picture;
  /** A table of objects, one a row: `dataTable(map.toTable())`. Numbers stand as numbers, with `digits` after the point. */
  dataTable(rows: readonly object[], options?: RowsOptions): Picture;
  /** A chart of one or more lists of numbers over their index. */
  lineChart(values: LineValues, options?: LineOptions): Picture;
  /** Any figure of plotly.js: `Plot({ data: [{ type: "bar", x: […], y: […] }] })`. */
  Plot(spec: PlotSpec): Picture;
}

export function makePictures(native: () => Native): Pictures {
  const known = (tensor: Tensor) => {
    const { Tensor, annotationOf } = native();
    if (!(tensor instanceof Tensor))
      throw new TypeError(`expected a Tensor, got ${describe(tensor).slice(0, 80)}`);
    return annotationOf(tensor) ?? {};
  };
  return {
    heatmap: (tensor, options) => pictureOf(drawHeatmap(tensor, known(tensor), options)),
    attentionPattern: (tensor, options) => pictureOf(drawAttention(tensor, known(tensor), options)),
    gridChart: (values, options) => {
      const { Tensor, annotationOf } = native();
      const known = (tensor: unknown) => (tensor instanceof Tensor ? annotationOf(tensor) : null) ?? {};
      return pictureOf(drawGridChart(values, known, options));
    },
    lensTable: (readings, tokenizer) =>
      new Picture(() => tableBundle(lensTable(readings, tokenizer && ((id) => tokenizer.tokenOf(id))))),
    dataTable: (rows, options) => {
      const table = rowsTable(rows, options);
      return new Picture(() => tableBundle(table));
    },
    lineChart: (values, options) => pictureOf(drawLines(values, options)),
    Plot: (spec) => new Picture(() => plotBundle(spec)),
  };
}
