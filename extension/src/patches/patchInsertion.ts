import type { CatalogNode } from "@graphpatch/kernel/protocol";
import { type Insertion, openBrackets, placeAt, quoted } from "../browser/insertion";
import { type PatchChoice, patchExpression, patchStatement } from "./patchCode";

/**
 * How to write a patch of a node into a cell at a cursor: as one more entry among the patches of a `patch({ … })`, as a whole
 * run on an empty line, and as the patch alone anywhere else.
 */
export function insertPatch(
  source: string,
  from: number,
  to: number,
  name: string,
  node: Pick<CatalogNode, "shape">,
  choice: PatchChoice,
): Insertion {
  const expression = patchExpression(choice, node);
  const place = placeAt(source, from);
  const isLiteral = place.kind === "string";
  // A literal that one stands in is the name of a node, begun: the entry takes its place.
  const start = isLiteral ? place.start - 1 : from;
  const end = isLiteral ? place.end + (place.isClosed ? 1 : 0) : to;
  const around = openBrackets(source, start);
  const entry = `${quoted(name)}: ${expression}`;
  if (around.endsWith("patch({")) return entryAt(source, start, end, entry);
  if (around.endsWith("patch(")) return replace(start, end, `{ ${entry} }`);
  const isLineEmpty = lineAround(source, from).trim() === "";
  if (isLineEmpty && around === "") return replace(from, to, patchStatement(name, choice, node));
  return isLiteral ? replace(start, end, quoted(name)) : replace(from, to, expression);
}

/** With the commas that its neighbours need. An entry that one stands on the name of stays; the new one comes before it. */
function entryAt(source: string, start: number, end: number, entry: string): Insertion {
  const isTaken = /^\s*:/.test(source.slice(end)) && end > start;
  const before = source.slice(0, start).trimEnd().at(-1) ?? "{";
  const after = (isTaken ? source.slice(start) : source.slice(end)).trimStart()[0] ?? "}";
  const isOnBrace = source[start - 1] === "{";
  const lead = before === "{" || before === "," ? (isOnBrace ? " " : "") : ", ";
  const isBeforeBrace = source[end] === "}";
  const trail = after === "}" || after === "," ? (isBeforeBrace ? " " : "") : ", ";
  return replace(start, isTaken ? start : end, `${lead}${entry}${trail}`);
}

function replace(from: number, to: number, text: string): Insertion {
  return { from, to, text, cursor: from + text.length };
}

function lineAround(source: string, position: number): string {
  const start = source.lastIndexOf("\n", position - 1) + 1;
  const end = source.indexOf("\n", position);
  return source.slice(start, end < 0 ? undefined : end);
}
