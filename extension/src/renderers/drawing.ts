/** What the kinds of views work with: values taken out of a figure, a theme, and what is drawn from both. */
import type { Highlight } from "../tokens";

/** A table of values as plotly's heat map has it, row by row. */
export interface HeatmapTrace {
  readonly kind: "heatmap";
  readonly name: string | null;
  readonly rows: readonly ArrayLike<number>[];
  /** What the columns stand for: numbers (the indices shown) or names. */
  readonly x: readonly (string | number)[] | null;
  readonly y: readonly (string | number)[] | null;
  /** Ends of its colour scale: its own, or those of the colour axis it names. */
  readonly zmin: number | null;
  readonly zmax: number | null;
  /** A second value of each cell, such as its standard error; null where there is none. */
  readonly errors: readonly ArrayLike<number>[] | null;
}

export interface LineTrace {
  readonly kind: "line";
  readonly name: string | null;
  readonly x: readonly (string | number)[] | null;
  readonly y: ArrayLike<number>;
}

/** Labels at places of an axis. */
export interface Ticks {
  readonly values: readonly number[];
  readonly labels: readonly string[];
}

/** The checked content of a plotly figure. All text in it is untrusted. */
export interface Figure {
  readonly traces: readonly (HeatmapTrace | LineTrace)[];
  readonly title: string | null;
  readonly xTitle: string | null;
  readonly yTitle: string | null;
  readonly xTicks: Ticks | null;
  readonly yTicks: Ticks | null;
  readonly isYLogarithmic: boolean;
  /** Ends of the colour scale that heat maps share; null where each has its own. */
  readonly colorLimits: { readonly min: number; readonly max: number } | null;
  /** Titles of the heat maps, where there are several. */
  readonly panelTitles: readonly string[];
}

/** Colours and font of the page, as CSS values. */
export interface Theme {
  readonly isDark: boolean;
  readonly font: string;
  readonly text: string;
  readonly mutedText: string;
  readonly grid: string;
  readonly background: string;
  /** Of frames around what is pointed at. */
  readonly accent: string;
  /** Colours of lines, in the order they are used. */
  readonly lines: readonly string[];
}

/** Traces and layout for plotly. Text in them is escaped with `plotlyText`. */
export interface Drawing {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
  /** More of the layout, where it depends on the room there is. */
  arrange?(width: number): Readonly<Record<string, unknown>>;
  /** Size in pixels of the picture where there is room for `width`. */
  size(width: number): { readonly width: number; readonly height: number };
  /** What to say of the place under the pointer, as plain lines; empty for nothing. */
  readout(place: Place): readonly string[];
  /** What a reader should know of the picture, as plain text. */
  readonly notes: readonly string[];
  /** Rows and columns of each heat map that the pointer, or the arrow keys, can be on; none for other pictures. */
  readonly maps?: readonly MapPlace[];
  /** What a place stands for in the model. */
  link?(place: Place): Highlight | null;
  /** Places to frame while something is pointed at elsewhere. */
  frames?(highlight: Highlight): readonly Frame[];
  /** Code that computes the place again: its title, and the panel, row and column to ask the kernel for. */
  cell?(
    place: Place,
  ): { readonly title: string; readonly panel: number; readonly row: number; readonly column: number } | null;
}

/** A heat map of a drawing: the trace, its axes as plotly calls them (`x`, `x2`), and its size in cells. */
export interface MapPlace {
  readonly trace: number;
  readonly xaxis: string;
  readonly yaxis: string;
  readonly rows: number;
  readonly columns: number;
  /** Where the axes do not count cells: the place of the first cell's first entry, and entries a cell. */
  readonly origin?: readonly [row: number, column: number];
  readonly perCell?: readonly [row: number, column: number];
}

/** Cells of a heat map, both ends included. */
export interface Frame {
  readonly map: MapPlace;
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** A place in the picture: the trace, and the row and column of a heat map or the point of a line. */
export interface Place {
  readonly trace: number;
  readonly row: number;
  readonly column: number;
}
