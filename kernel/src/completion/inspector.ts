import { stringAt } from "../language/calls";
import type { Language } from "../language/language";
import { toUtf16 } from "../language/offsets";
import type { JsonObject } from "../wire/message";
import { type CompletionGraph, type CompletionNode, nodeNamed, nodeType } from "./nodeNames";

/** Answers inspect_request: the node a string names, else what the compiler knows of a name. */
export class Inspector {
  readonly #language: Language;
  readonly #graphs: () => readonly CompletionGraph[];

  constructor(language: Language, graphs: () => readonly CompletionGraph[]) {
    this.#language = language;
    this.#graphs = graphs;
  }

  /** Content of inspect_reply. @param cursor in code points */
  inspect(code: string, cursor: number): JsonObject {
    const position = toUtf16(code, cursor);
    const text = this.#node(code, position) ?? this.#name(code, position);
    const data = text === null ? {} : { "text/plain": text };
    return { status: "ok", found: text !== null, data, metadata: {} };
  }

  #node(code: string, position: number): string | null {
    const place = stringAt(code, position);
    if (!place) return null;
    const name = code.slice(place.start, place.end);
    for (const graph of this.#graphs()) {
      const node = nodeNamed(graph, name);
      if (node) return describeNode(node);
    }
    return null;
  }

  #name(code: string, position: number): string | null {
    // After a name or its opening bracket (where Shift-Tab is pressed) the name before it is meant.
    const before = code.slice(0, position).replace(/\(?\s*$/, "").length;
    const info =
      this.#language.quickInfo(code, position) ?? this.#language.quickInfo(code, Math.max(0, before - 1));
    if (!info) return null;
    const parts = [info.displayParts, info.documentation].map((list) =>
      (list ?? []).map(({ text }) => text).join(""),
    );
    const tags = (info.tags ?? []).map(
      ({ name, text }) => `@${name} ${(text ?? []).map((part) => part.text).join("")}`,
    );
    return [parts[0], parts[1], tags.join("\n")].filter((part) => part.trim() !== "").join("\n\n");
  }
}

function describeNode(node: CompletionNode): string {
  const lines = [
    node.name,
    `  ${nodeType(node)}`,
    `  in ${node.module === "" ? "the root" : node.module}: ${node.moduleType}`,
  ];
  if (node.code !== null) lines.push(`  ${node.code}`);
  return lines.join("\n");
}
