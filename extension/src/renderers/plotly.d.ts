/** The part of plotly.js that is used here; its distributed bundles come without types. */
declare module "plotly.js-cartesian-dist-min" {
  export interface PlotlyPoint {
    curveNumber: number;
    /** Row and column in a heat map, place in a line. */
    pointNumber: number | [row: number, column: number];
  }
  export interface PlotlyHover {
    points: PlotlyPoint[];
    event: MouseEvent;
  }
  /** An element plotly has drawn into. */
  export interface PlotlyElement extends HTMLElement {
    on(event: "plotly_hover" | "plotly_click", listener: (hover: PlotlyHover) => void): void;
    on(event: "plotly_unhover", listener: () => void): void;
    on(event: "plotly_relayout", listener: (changes: Json) => void): void;
  }
  export type Json = Readonly<Record<string, unknown>>;
  const plotly: {
    react(element: HTMLElement, data: readonly Json[], layout: Json, config: Json): Promise<PlotlyElement>;
    relayout(element: HTMLElement, changes: Json): Promise<PlotlyElement>;
    purge(element: HTMLElement): void;
    Plots: { resize(element: HTMLElement): Promise<void> | void };
  };
  export default plotly;
}
