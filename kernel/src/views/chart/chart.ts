/** A chart of two axes, described in the axes' own numbers, apart from how it is drawn. */
export interface Chart {
  title: string;
  x: ChartAxis;
  y: ChartAxis;
  layers: Layer[];
}

export interface ChartAxis {
  title: string;
  /** Texts that stand at 0, 1, 2, …; null for an axis of numbers. Untrusted. */
  categories: readonly string[] | null;
  /** Ends that are asked for, as numbers of the axis; else what is drawn decides. */
  range: readonly [number, number] | null;
  log: boolean;
}

export interface Bar {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

/** What one trace draws; `bars` and `points` in the order given. */
export interface Layer {
  name: string;
  colour: string;
  bars: Bar[];
  points: (readonly [number, number])[];
  /** Whether the points are joined, marked, or both. */
  line: boolean;
  markers: boolean;
}

/** Bars of a trace whose bars lie along the x axis. */
export function turned({ x0, x1, y0, y1 }: Bar): Bar {
  return { x0: y0, x1: y1, y0: x0, y1: x1 };
}
