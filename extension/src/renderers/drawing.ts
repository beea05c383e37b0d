/** What the kinds of views work with: values taken out of a figure, a theme, and what is drawn from both. */

/** A table of values as plotly's heat map has it, row by row. */
export interface HeatmapTrace {
  readonly kind: "heatmap";
  readonly name: string | null;
  readonly rows: readonly ArrayLike<number>[];
  /** What the columns stand for: numbers (the indices shown) or names. */
  readonly x: readonly (string | number)[] | null;
  readonly y: readonly (string | number)[] | null;
  readonly zmin: number | null;
  readonly zmax: number | null;
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
  /** Colours of lines, in the order they are used. */
  readonly lines: readonly string[];
}

/** Traces and layout for plotly. Text in them is escaped with `plotlyText`. */
export interface Drawing {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
  /** Size in pixels of the picture where there is room for `width`. */
  size(width: number): { readonly width: number; readonly height: number };
  /** What to say of the place under the pointer, as plain lines; empty for nothing. */
  readout(place: Place): readonly string[];
  /** What a reader should know of the picture, as plain text. */
  readonly notes: readonly string[];
}

/** A place in the picture: the trace, and the row and column of a heat map or the point of a line. */
export interface Place {
  readonly trace: number;
  readonly row: number;
  readonly column: number;
}
