/** A change of a cell's text: what stands from `from` up to `to` becomes `text`; the cursor goes to `cursor`. */
export interface Insertion {
  from: number;
  to: number;
  text: string;
  cursor: number;
}

type Quote = '"' | "'" | "`";

/** Where a position in TypeScript source stands. */
type Place =
  | { kind: "code" }
  | { kind: "comment" }
  /** `start` is after the opening quote; `end` before the closing one, or where the literal breaks off. */
  | { kind: "string"; quote: Quote; start: number; end: number; isClosed: boolean };

/**
 * How to write a node's name into a cell at a selection (`from === to` for a cursor).
 *
 * In a string literal the name replaces the literal's contents; in code it comes with quotes of its own; in a
 * comment it stands as it is. Whatever the name contains, it cannot end the literal it is written into.
 */
export function insertName(source: string, from: number, to: number, name: string): Insertion {
  const place = placeAt(source, from);
  if (place.kind === "string" && to <= place.end) {
    const text = escapeFor(name, place.quote) + (place.isClosed ? "" : place.quote);
    const cursor = place.start + text.length + (place.isClosed ? 1 : 0);
    return { from: place.start, to: place.end, text, cursor };
  }
  const text = place.kind === "comment" ? inOneLine(name) : quoted(name);
  return { from, to, text, cursor: from + text.length };
}

/** The name as a string literal. */
export function quoted(name: string): string {
  return `"${escapeFor(name, '"')}"`;
}

/** Control, format (bidirectional too) and line-separating characters, which would hide or break what is written. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escapeFor(name: string, quote: Quote): string {
  let text = name.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
  if (quote === "`") text = text.replaceAll("${", "\\${");
  return text.replace(INVISIBLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A comment ends at a line end or at its closing mark: a name must hold neither. */
function inOneLine(name: string): string {
  return name.replace(INVISIBLE, escapeCharacter).replaceAll("*/", "*\\/");
}

/** Finds what `position` stands in, reading the source from its start. */
export function placeAt(source: string, position: number): Place {
  return scan(source, 0, position, false).place ?? { kind: "code" };
}

interface Scan {
  place: Place | null;
  /** Where reading stopped. */
  at: number;
}

/** Reads code up to `position`, or in a template's hole up to the brace that closes it. */
function scan(source: string, from: number, position: number, isHole: boolean): Scan {
  let at = from;
  let depth = 0;
  while (at < position) {
    const character = source[at];
    const next = source[at + 1];
    if (character === '"' || character === "'") {
      const end = endOfString(source, at + 1, character);
      const isClosed = source[end] === character;
      if (position <= end) {
        return { place: stringPlace(source, character, at + 1, end, isClosed, position), at };
      }
      at = isClosed ? end + 1 : end;
    } else if (character === "`") {
      const template = scanTemplate(source, at + 1, position);
      if (template.place) return template;
      at = template.at;
    } else if (character === "/" && (next === "/" || next === "*")) {
      const end = endOfComment(source, at, next);
      // At the very end of a line comment one still writes into it.
      if (position < end || (next === "/" && position === end)) return { place: { kind: "comment" }, at };
      at = end;
    } else if (character === "/" && beginsRegExp(source, at)) {
      at = endOfRegExp(source, at);
    } else if (isHole && character === "}" && depth === 0) {
      return { place: null, at: at + 1 };
    } else {
      if (character === "{") depth += 1;
      else if (character === "}") depth -= 1;
      at += 1;
    }
  }
  // Inside an unfinished regular expression or a hole that reaches the position: plain code.
  return { place: at >= position && isHole ? { kind: "code" } : null, at };
}

/** An unclosed literal ends where its name does, so that the rest of the line is not swallowed. */
function stringPlace(
  source: string,
  quote: Quote,
  start: number,
  lineEnd: number,
  isClosed: boolean,
  position: number,
): Place {
  if (isClosed) return { kind: "string", quote, start, end: lineEnd, isClosed };
  const rest = /^[\w.|$]*/.exec(source.slice(position, lineEnd));
  return { kind: "string", quote, start, end: position + (rest?.[0].length ?? 0), isClosed };
}

function endOfString(source: string, from: number, quote: string): number {
  let at = from;
  while (at < source.length && source[at] !== quote && source[at] !== "\n") {
    at += source[at] === "\\" ? 2 : 1;
  }
  return Math.min(at, source.length);
}

function scanTemplate(source: string, start: number, position: number): Scan {
  let at = start;
  while (at < source.length && source[at] !== "`") {
    if (source[at] === "\\") {
      at += 2;
    } else if (source.startsWith("${", at)) {
      if (position >= at + 2) {
        const hole = scan(source, at + 2, position, true);
        if (hole.place) return hole;
        at = hole.at;
      } else {
        at = scan(source, at + 2, source.length, true).at;
      }
    } else {
      at += 1;
    }
  }
  const end = Math.min(at, source.length);
  const isClosed = source[end] === "`";
  if (position > end) return { place: null, at: end + 1 };
  return { place: stringPlace(source, "`", start, end, isClosed, position), at };
}

function endOfComment(source: string, at: number, second: string): number {
  const end = second === "/" ? source.indexOf("\n", at) : source.indexOf("*/", at + 2);
  if (end < 0) return source.length + (second === "/" ? 0 : 1);
  return second === "/" ? end : end + 2;
}

/** A slash begins a regular expression where no value stands before it. */
function beginsRegExp(source: string, at: number): boolean {
  const before = source.slice(0, at).trimEnd();
  if (before === "") return true;
  if (/\b(return|typeof|case|in|of|await|yield|void)$/.test(before)) return true;
  return /[(,=:[!&|?{};+\-*%<>~^]$/.test(before);
}

function endOfRegExp(source: string, from: number): number {
  let at = from + 1;
  let inClass = false;
  while (at < source.length && source[at] !== "\n") {
    if (source[at] === "\\") at += 1;
    else if (source[at] === "[") inClass = true;
    else if (source[at] === "]") inClass = false;
    else if (source[at] === "/" && !inClass) return at + 1;
    at += 1;
  }
  // No end on its line: it was a division after all.
  return from + 1;
}

/**
 * The brackets that are open at `position`, outermost first, each with the word before it: `f(patch({`. Those in texts, comments
 * and regular expressions do not count.
 */
export function openBrackets(source: string, position: number): string {
  const open: string[] = [];
  for (let at = 0; at < position; ) {
    const character = source[at];
    const next = source[at + 1];
    if (character === '"' || character === "'" || character === "`") {
      at = endOfLiteral(source, at);
    } else if (character === "/" && (next === "/" || next === "*")) {
      at = endOfComment(source, at, next);
    } else if (character === "/" && beginsRegExp(source, at)) {
      at = endOfRegExp(source, at);
    } else {
      if ("([{".includes(character)) open.push(`${/[\w$]*$/.exec(source.slice(0, at))?.[0]}${character}`);
      else if (")]}".includes(character)) open.pop();
      at += 1;
    }
  }
  return open.join("");
}

/** After the closing quote. Holes of a template are passed over with it. */
function endOfLiteral(source: string, at: number): number {
  const quote = source[at];
  if (quote === "`") return scanTemplate(source, at + 1, source.length + 1).at;
  const end = endOfString(source, at + 1, quote);
  return source[end] === quote ? end + 1 : Math.max(end, at + 1);
}
