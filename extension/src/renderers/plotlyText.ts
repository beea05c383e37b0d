import { visibleText } from "../text";

/**
 * Untrusted text as plotly shows it: plotly reads a small part of HTML in every label, so `<`, `>` and `&` become entities.
 */
export function plotlyText(text: string): string {
  return visibleText(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Text cut in the middle, where names differ least. */
export function shorten(text: string, most: number): string {
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (most - 1 - head)).join("")}`;
}

/** Plotly numbers axes from 2 on; the first has no number. */
export function axisSuffix(at: number): string {
  return at === 0 ? "" : String(at + 1);
}
