import { visibleText } from "../../text";
import { FigureError } from "../figure";

type Json = Record<string, unknown>;

/** Kinds of traces that the bundled plotly draws and that hold numbers and text alone: an `image` could name a file elsewhere. */
const TRACES = new Set([
  "scatter",
  "scattergl",
  "bar",
  "box",
  "violin",
  "histogram",
  "histogram2d",
  "histogram2dcontour",
  "heatmap",
  "contour",
  "pie",
]);

/** Parts of a figure that fetch, link, or change it when they are used; left out wherever they stand. */
const REFUSED = new Set([
  "images",
  "updatemenus",
  "sliders",
  "source",
  "href",
  "meta",
  "__proto__",
  "constructor",
  "prototype",
]);

/** Plotly reads these tags in texts; without attributes they do no harm. */
const TAGS = new Set(["b", "i", "em", "strong", "sub", "sup", "s", "u", "br"]);

const DEEPEST = 24;

/** A figure of plotly.js without what could fetch, link or run anything. */
export interface SafeFigure {
  readonly data: readonly Readonly<Json>[];
  readonly layout: Readonly<Json>;
  /** What was left out, in words. */
  readonly notes: readonly string[];
}

/**
 * Takes the harmless part of any plotly figure: a notebook is not trusted.
 * @throws FigureError for what is no figure, or holds no trace that can be drawn
 */
export function safeFigure(value: unknown): SafeFigure {
  if (!isObject(value) || !Array.isArray(value.data)) throw new FigureError("The figure is damaged.");
  const left = new Set<string>();
  const data = value.data.flatMap((trace: unknown) => {
    const type = isObject(trace) ? (trace.type ?? "scatter") : null;
    if (typeof type === "string" && TRACES.has(type)) return [clean(trace as Json, left, 0) as Json];
    left.add(`traces of the type “${visibleText(String(type))}”`);
    return [];
  });
  if (data.length === 0 && value.data.length > 0) {
    throw new FigureError("This version cannot draw %1.", [...left].join(", "));
  }
  const layout = isObject(value.layout) ? (clean(value.layout, left, 0) as Json) : {};
  return { data, layout, notes: left.size > 0 ? [`Left out: ${[...left].join(", ")}.`] : [] };
}

function clean(value: unknown, left: Set<string>, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) throw new FigureError("The figure is nested too deep.");
  if (Array.isArray(value)) return value.map((item) => clean(item, left, depth + 1));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      if (!REFUSED.has(key)) return [[key, clean(item, left, depth + 1)]];
      if (!(Array.isArray(item) && item.length === 0)) left.add(key);
      return [];
    }),
  );
}

/** A text in which only plotly's plain tags are tags, that turns no writing around, and that names no address as a colour or pattern would. */
function cleanText(text: string): string {
  return text
    .replace(/[^\n\t]+/g, visibleText)
    .replace(/<(\/?)\s*([a-z]*)[^<>]*>/gi, (tag, slash: string, name: string) =>
      TAGS.has(name.toLowerCase())
        ? `<${slash}${name.toLowerCase()}>`
        : tag.replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
    )
    .replace(/url\s*\(/gi, "url\u200b(");
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
