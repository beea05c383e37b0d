import ts from "typescript";
import type { Language } from "../language/language";
import { toUtf16 } from "../language/offsets";
import type { Native } from "../preload/native";
import type { JsonObject } from "../wire/message";
import { type GraphFinder, memberAt } from "./graphsOf";
import { nodeNamed } from "./nodeNames";
import { describeNode, fenced, type Inspection } from "./nodeText";
import { probedValue } from "./probed";
import { parse, stringAt } from "./stringPlace";

/** Answers inspect_request: the node a string or a member of the tree names, else what the compiler knows of a name. */
export class Inspector {
  readonly #language: Language;
  readonly #graphs: GraphFinder;
  readonly #native: () => Native;

  constructor(language: Language, graphs: GraphFinder, native: () => Native) {
    this.#language = language;
    this.#graphs = graphs;
    this.#native = native;
  }

  /** Content of inspect_reply. @param cursor in code points */
  inspect(code: string, cursor: number): JsonObject {
    const position = toUtf16(code, cursor);
    const found = this.#node(code, position) ?? this.#name(code, position);
    const data = found ? { "text/plain": found.plain, "text/markdown": found.markdown } : {};
    return { status: "ok", found: found !== null, data, metadata: {} };
  }

  #node(code: string, position: number): Inspection | null {
    const place = stringAt(code, position);
    if (place && place.expected !== "child")
      return this.#nodeNamed(/^[^"'`\n]*/.exec(code.slice(place.start))?.[0] ?? "", place.receiver);
    const member = memberAt(parse(code), position);
    const treePlace = member && this.#graphs.place(member.object);
    if (!member || !treePlace) return null;
    const child = /^[\w$]*/.exec(code.slice(member.start))?.[0] ?? "";
    const path = treePlace._name === "" ? child : `${treePlace._name}.${child}`;
    return this.#nodeNamed(path, member.object);
  }

  #nodeNamed(name: string, receiver: ts.Expression | null): Inspection | null {
    for (const graph of this.#graphs.graphs(receiver)) {
      const node = nodeNamed(graph, name);
      const info = node && graph.nodes.get(node.name);
      if (info)
        return describeNode(graph, info, probedValue(info.name, this.#language.locals, this.#native()));
    }
    return null;
  }

  #name(code: string, position: number): Inspection | null {
    for (const place of placesOfNames(code, position)) {
      const info = this.#language.quickInfo(code, place);
      if (info) return describeName(info);
    }
    return null;
  }
}

/**
 * Where the name may stand that is meant: at the cursor, before it, before its opening bracket, or what is called around the cursor; that first
 * where the next argument is due.
 */
function placesOfNames(code: string, position: number): number[] {
  const before = code.slice(0, position).replace(/\(?\s*$/, "").length;
  const names = [position, Math.max(0, before - 1)];
  const calls = callsAround(code, position);
  return code[before - 1] === "," ? [...calls, ...names] : [...names, ...calls];
}

/** Ends of the names that are called with arguments around the cursor, the innermost first. */
function callsAround(code: string, position: number): number[] {
  const ends: number[] = [];
  const visit = (node: ts.Node): void => {
    if (position < node.pos || position > node.end) return;
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && position > node.expression.end) {
      const { expression } = node;
      ends.unshift((ts.isPropertyAccessExpression(expression) ? expression.name : expression).end - 1);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(code));
  return ends;
}

function describeName({ displayParts, documentation, tags }: ts.QuickInfo): Inspection {
  const text = (parts: readonly ts.SymbolDisplayPart[] | undefined) =>
    (parts ?? []).map((part) => part.text).join("");
  const signature = text(displayParts);
  const docs = text(documentation);
  const tagTexts = (tags ?? []).map((tag) => ({ name: tag.name, text: text(tag.text) }));
  const plain = [signature, docs, tagTexts.map((tag) => `@${tag.name} ${tag.text}`.trimEnd()).join("\n")];
  const markdown = [
    fenced(signature, "ts"),
    docs,
    ...tagTexts.map((tag) =>
      tag.name === "example"
        ? `*Example*\n\n${fenced(tag.text, "ts")}`
        : `*@${tag.name}* ${tag.text}`.trimEnd(),
    ),
  ];
  return { plain: joined(plain), markdown: joined(markdown) };
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part.trim() !== "").join("\n\n");
}
