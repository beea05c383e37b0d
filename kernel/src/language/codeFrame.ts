const CONTEXT = 2;
const RED = "\u001b[31m";
// Dimmed, not grey: JupyterLab leaves it as it is, and its grey cannot be seen on a dark page.
const DIM = "\u001b[2m";
const BOLD = "\u001b[1m";
const PLAIN = "\u001b[0m";

export const colour = {
  error: (text: string) => `${RED}${text}${PLAIN}`,
  // tsc's cyan cannot be read on the pink of JupyterLab's errors.
  place: (text: string) => `${BOLD}${text}${PLAIN}`,
  faint: (text: string) => `${DIM}${text}${PLAIN}`,
  strong: (text: string) => `${BOLD}${text}${PLAIN}`,
};

/**
 * The lines around a place, with the place marked.
 * @param line from 1
 * @param column from 1
 * @param length characters to underline, at least one
 */
export function codeFrame(code: string, line: number, column: number, length = 1): string[] {
  const lines = code.split("\n");
  const first = Math.max(1, line - CONTEXT);
  const last = Math.min(lines.length, line + CONTEXT);
  const width = String(last).length;
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = lines[number - 1];
    const gutter = `${number === line ? ">" : " "} ${String(number).padStart(width)} | `;
    frame.push(`${number === line ? gutter : colour.faint(gutter)}${text}`);
    if (number !== line) continue;
    const marks = "~".repeat(Math.max(1, Math.min(length, text.length - column + 1)));
    // Tabs stay tabs, so that the mark stands below its place.
    const before = text.slice(0, column - 1).replace(/[^\t]/g, " ");
    frame.push(`${colour.faint(`  ${" ".repeat(width)} | `)}${before}${colour.error(marks)}`);
  }
  return frame;
}
