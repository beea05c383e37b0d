const MAX_LENGTH = 24;

// Control characters and those that turn the direction of writing would let a token rearrange its surroundings.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** A token's text as an axis label: one line, everything visible. */
export function tokenLabel(token: string): string {
  const visible = token.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replace(UNPRINTABLE, "\ufffd");
  const characters = [...visible];
  const short = characters.length > MAX_LENGTH ? `${characters.slice(0, MAX_LENGTH - 1).join("")}…` : visible;
  return short.trim() === "" ? JSON.stringify(short) : short;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", $: "&#36;" };

/** Text for plotly, which would take `<b>`, `<a href=…>` and `$…$` in it for markup. */
export function plotlyText(text: string): string {
  return text.replace(/[&<>$]/g, (character) => ENTITIES[character]);
}
