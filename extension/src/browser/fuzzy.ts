/** A part of a text, from `start` up to and without `end`. */
export interface Span {
  start: number;
  end: number;
}

const UNDERSCORE = 95;
const DOT = 46;
const PIPE = 124;

function isSeparator(code: number): boolean {
  return code === DOT || code === UNDERSCORE || code === PIPE;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Whether a word of the path begins at `at`: after a separator, or between letters and digits. */
function isWordStart(path: string, at: number): boolean {
  if (at === 0) return true;
  const here = path.charCodeAt(at);
  const before = path.charCodeAt(at - 1);
  return isSeparator(before) || isDigit(here) !== isDigit(before);
}

/** What is typed, without the separators: they do not have to be typed. */
export function withoutSeparators(query: string): string {
  return query.replace(/[._|]/g, "");
}

/**
 * Finds `query` (lower case, without separators) in `path` (lower case) as beginnings of its words, in order:
 * `h17mlpmul3` in `transformer.h_17.mlp.act.mul_3`.
 *
 * Stricter than letters anywhere, which at 100,000 paths matches nearly all of them.
 * @returns the matched parts, or null.
 */
export function matchWords(query: string, path: string): Span[] | null {
  if (query === "" || !isSubsequence(query, path)) return null;
  const spans: Span[] = [];
  return matchFrom(query, 0, path, 0, spans, { steps: 2000 }) ? spans : null;
}

const scratch: Span[] = [];

/** As {@link matchWords}, where it does not matter which parts match. */
export function hasWords(query: string, path: string): boolean {
  if (query === "" || !isSubsequence(query, path)) return false;
  scratch.length = 0;
  return matchFrom(query, 0, path, 0, scratch, { steps: 2000 });
}

const LOWER_A = 97;
const LETTERS = 26;
const DIGIT_BITS = 5;

/** Which letters and digits a text (lower case) has, a bit each (digits share some): what lacks one of them cannot match. */
export function characterMask(text: string): number {
  let mask = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= LOWER_A && code < LOWER_A + LETTERS) mask |= 1 << (code - LOWER_A);
    else if (isDigit(code)) mask |= 1 << (LETTERS + (code % DIGIT_BITS));
  }
  return mask;
}

/** Cheap test that rejects most paths before the search with backtracking. */
function isSubsequence(query: string, path: string): boolean {
  let at = -1;
  for (let i = 0; i < query.length; i++) {
    at = path.indexOf(query[i], at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** Matches the rest of the query at the next words; `budget` bounds the backtracking on hostile names. */
function matchFrom(
  query: string,
  from: number,
  path: string,
  at: number,
  spans: Span[],
  budget: { steps: number },
): boolean {
  if (from === query.length) return true;
  for (let start = path.indexOf(query[from], at); start >= 0; start = path.indexOf(query[from], start + 1)) {
    if (budget.steps-- <= 0) return false;
    if (!isWordStart(path, start)) continue;
    let length = 1;
    while (from + length < query.length && path[start + length] === query[from + length]) length++;
    // The longest run first; a shorter one where the rest then fits another word.
    for (; length > 0; length--) {
      spans.push({ start, end: start + length });
      if (matchFrom(query, from + length, path, start + length, spans, budget)) return true;
      spans.pop();
    }
  }
  return false;
}
