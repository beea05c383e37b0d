import type { CatalogNode } from "@graphpatch/kernel/protocol";
import { characterMask, hasWords, matchWords, type Span, withoutSeparators } from "./fuzzy";
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

/** A property that many nodes share: each value is looked at once. */
class Facet<T> {
  private readonly values: T[] = [];
  private readonly places: Uint32Array;

  constructor(nodes: readonly CatalogNode[], read: (node: CatalogNode) => T) {
    const known = new Map<T, number>();
    this.places = Uint32Array.from(nodes, (node) => {
      const value = read(node);
      let place = known.get(value);
      if (place === undefined) {
        place = this.values.push(value) - 1;
        known.set(value, place);
      }
      return place;
    });
  }

  /** Sets 1 in `found` at the nodes whose value passes. */
  mark(found: Uint8Array, passes: (value: T) => boolean): void {
    const passing = Uint8Array.from(this.values, (value) => (passes(value) ? 1 : 0));
    if (!passing.includes(1)) return;
    for (let at = 0; at < found.length; at++) found[at] |= passing[this.places[at]];
  }
}

/** Nodes prepared for being searched many times. */
export class SearchIndex {
  constructor(nodes: readonly CatalogNode[]) {
    this.paths = nodes.map(({ name }) => name.toLowerCase());
    this.masks = Uint32Array.from(this.paths, characterMask);
    this.operators = new Facet(nodes, ({ operator }) => operator);
    this.dtypes = new Facet(nodes, ({ dtype }) => dtype);
    this.shapes = new Facet(nodes, ({ shape }) => shape);
    this.modules = new Facet(nodes, ({ moduleType }) => moduleType);
    this.codes = new Facet(nodes, ({ code }) => code);
  }

  /** Which nodes match: 1 at their index. */
  search(query: Query): Uint8Array {
    const found = new Uint8Array(this.paths.length).fill(1);
    const passing = new Uint8Array(this.paths.length);
    for (const term of query.terms) {
      passing.fill(0);
      this.mark(term, passing);
      for (let at = 0; at < found.length; at++) found[at] &= passing[at];
    }
    return found;
  }

  private mark(term: Term, found: Uint8Array): void {
    const { field, text } = term;
    const isField = (name: Field) => field === null || field === name;
    if (isField("op")) this.operators.mark(found, (operator) => hasOperator(text, operator));
    // Shorter, and nearly every node would match ("f" of float32).
    if (field === "dtype" || (field === null && text.length >= LEAST_LETTERS)) {
      this.dtypes.mark(found, (dtype) => matchesDtype(text, dtype));
    }
    if (isField("shape")) this.shapes.mark(found, (shape) => matchesShape(text, shape));
    if (field === "module") this.modules.mark(found, (type) => type.toLowerCase().includes(text));
    if (field === "code" || (field === null && text.length >= LEAST_LETTERS)) {
      this.codes.mark(found, (code) => code?.toLowerCase().includes(text) ?? false);
    }
    if (field === null) this.markPaths(term, found);
  }

  private markPaths({ text, bare }: Term, found: Uint8Array): void {
    const needed = characterMask(text);
    for (let at = 0; at < found.length; at++) {
      if (found[at] || (this.masks[at] & needed) !== needed) continue;
      const path = this.paths[at];
      if (path.includes(text) || hasWords(bare, path)) found[at] = 1;
    }
  }

  private readonly paths: readonly string[];
  private readonly masks: Uint32Array;
  private readonly operators: Facet<string>;
  private readonly dtypes: Facet<string | null>;
  private readonly shapes: Facet<readonly number[] | null>;
  private readonly modules: Facet<string>;
  private readonly codes: Facet<string | null>;
}

/** Fewer letters say too little to be looked for in dtypes and code. */
const LEAST_LETTERS = 3;

function hasOperator(text: string, operator: string): boolean {
  return shortOperator(operator).toLowerCase().includes(text);
}

/**
 * The source line of a node, where that is all that a word of the filter was found in; null where the row shows what was found.
 */
export function codeFound(query: Query, node: CatalogNode): string | null {
  const path = node.name.toLowerCase();
  const isOnlyInCode = ({ field, text, bare }: Term): boolean => {
    if (!node.code?.toLowerCase().includes(text)) return false;
    if (field !== null) return field === "code";
    const isShown =
      path.includes(text) ||
      hasOperator(text, node.operator) ||
      hasWords(bare, path) ||
      matchesDtype(text, node.dtype) ||
      matchesShape(text, node.shape);
    return !isShown && text.length >= LEAST_LETTERS;
  };
  return query.terms.some(isOnlyInCode) ? node.code : null;
}

function matchesDtype(text: string, dtype: string | null): boolean {
  if (dtype === null) return false;
  return dtype.toLowerCase().startsWith(text) || shortDtype(dtype).startsWith(text);
}

/** A lone number is the size of one dimension; several (`13,1536`, `13x1536`, `[1, 13`) are neighbours. */
function matchesShape(text: string, shape: readonly number[] | null): boolean {
  if (!shape || !/^\[?\d+([,x×]\d+)*,?\]?$/.test(text)) return false;
  const sizes = text
    .split(/[^\d]+/)
    .filter(Boolean)
    .map(Number);
  for (let at = 0; at + sizes.length <= shape.length; at++) {
    if (sizes.every((size, offset) => shape[at + offset] === size)) return true;
  }
  return false;
}

/** The parts of a text to mark that words of the filter, or of these fields of it, were found in literally. */
export function literalSpans(query: Query, fields: readonly Field[], text: string): Span[] {
  const lower = text.toLowerCase();
  // A text whose lower case is longer cannot be marked by its places.
  if (lower.length !== text.length) return [];
  return merge(
    query.terms
      .filter((term) => (term.field === null ? !fields.includes("module") : fields.includes(term.field)))
      .flatMap((term) => everyOccurrence(lower, term.text)),
  );
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
