import type { CatalogNode } from "@graphpatch/kernel/protocol";
import { matchWords, type Span, withoutSeparators } from "./fuzzy";
import { shortDtype, shortOperator } from "./operators";

/** More marks on one path help nobody. */
const MOST_SPANS = 50;
const FIELDS = ["op", "dtype", "shape", "module", "code"] as const;
type Field = (typeof FIELDS)[number];

/** One word of a filter: looked for everywhere, or in one field (`op:mul`, `shape:576`, `code:softmax`). */
interface Term {
  readonly field: Field | null;
  readonly text: string;
  readonly bare: string;
}

/** A filter as typed, taken apart. All terms must match. */
export interface Query {
  readonly terms: readonly Term[];
}

/** Takes apart what was typed. */
export function parseQuery(typed: string): Query {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return { terms: words.map(parseTerm).filter((term) => term.text !== "") };
}

function parseTerm(word: string): Term {
  const colon = word.indexOf(":");
  const field = FIELDS.find((name) => name === word.slice(0, Math.max(0, colon))) ?? null;
  const text = field ? word.slice(colon + 1) : word;
  return { field, text, bare: withoutSeparators(text) };
}

/** What is searched of one node, in lower case. */
interface Entry {
  readonly path: string;
  readonly operator: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly node: CatalogNode;
}

/** Nodes prepared for being searched many times. */
export class SearchIndex {
  constructor(nodes: readonly CatalogNode[]) {
    this.entries = nodes.map((node) => ({
      path: node.name.toLowerCase(),
      operator: shortOperator(node.operator).toLowerCase(),
      dtype: node.dtype?.toLowerCase() ?? "",
      shape: node.shape ?? [],
      node,
    }));
  }

  /** Which nodes match: 1 at their index. */
  search(query: Query): Uint8Array {
    const found = new Uint8Array(this.entries.length);
    this.entries.forEach((entry, index) => {
      if (query.terms.every((term) => matches(term, entry))) found[index] = 1;
    });
    return found;
  }

  private readonly entries: readonly Entry[];
}

function matches(term: Term, entry: Entry): boolean {
  switch (term.field) {
    case "op":
      return entry.operator.includes(term.text);
    case "dtype":
      return matchesDtype(term.text, entry.dtype);
    case "shape":
      return matchesShape(term.text, entry.shape);
    case "module":
      return entry.node.moduleType.toLowerCase().includes(term.text);
    case "code":
      return entry.node.code?.toLowerCase().includes(term.text) ?? false;
    case null:
      return (
        entry.path.includes(term.text) ||
        entry.operator.includes(term.text) ||
        matchWords(term.bare, entry.path) !== null ||
        // Shorter, and nearly every node would match ("f" of float32).
        (term.text.length >= 3 && matchesDtype(term.text, entry.dtype)) ||
        matchesShape(term.text, entry.shape)
      );
  }
}

function matchesDtype(text: string, dtype: string): boolean {
  return dtype !== "" && (dtype.startsWith(text) || shortDtype(dtype).startsWith(text));
}

/** A lone number is the size of one dimension; several (`13,1536`, `13x1536`, `[1, 13`) are neighbours. */
function matchesShape(text: string, shape: readonly number[]): boolean {
  if (!/^\[?\d+([,x×]\d+)*,?\]?$/.test(text)) return false;
  const sizes = text
    .split(/[^\d]+/)
    .filter(Boolean)
    .map(Number);
  for (let at = 0; at + sizes.length <= shape.length; at++) {
    if (sizes.every((size, offset) => shape[at + offset] === size)) return true;
  }
  return false;
}

/** The parts of `path` to mark for a query, in order and without overlaps. */
export function markedSpans(query: Query, path: string): Span[] {
  const lower = path.toLowerCase();
  const spans: Span[] = [];
  for (const term of query.terms) {
    if (term.field !== null) continue;
    if (lower.includes(term.text)) spans.push(...everyOccurrence(lower, term.text));
    else spans.push(...matchedBeginning(term.bare, lower));
  }
  return merge(spans);
}

/** The path of a module matches as much of a filter as it has: `l3` of `l3mlp` in `layers_3`. */
function matchedBeginning(query: string, path: string): Span[] {
  for (let length = query.length; length > 0; length--) {
    const spans = matchWords(query.slice(0, length), path);
    if (spans) return spans;
  }
  return [];
}

function everyOccurrence(path: string, text: string): Span[] {
  const spans: Span[] = [];
  for (
    let at = path.indexOf(text);
    at >= 0 && spans.length < MOST_SPANS;
    at = path.indexOf(text, at + text.length)
  ) {
    spans.push({ start: at, end: at + text.length });
  }
  return spans;
}

function merge(spans: Span[]): Span[] {
  const sorted = [...spans].sort((a, b) => a.start - b.start);
  const merged: Span[] = [];
  for (const span of sorted) {
    const last = merged[merged.length - 1];
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else merged.push({ ...span });
  }
  return merged;
}

/** The spans as they fall on the end of `path` that begins at `offset`. */
export function spansOfLabel(spans: readonly Span[], offset: number): Span[] {
  return spans
    .filter((span) => span.end > offset)
    .map((span) => ({ start: Math.max(0, span.start - offset), end: span.end - offset }));
}
