import { type StringPlace, stringAt } from "../language/calls";
import type { Language } from "../language/language";
import { toCodePoints, toUtf16 } from "../language/offsets";
import type { JsonObject } from "../wire/message";
import { compareNaturally } from "./naturalOrder";
import { type CompletionGraph, completeNodeName, expectsNodeName, graphVariable } from "./nodeNames";
import { treeMembers } from "./treeMembers";

interface Match {
  text: string;
  type: string;
}

interface Matches {
  /** UTF-16 span that a match replaces. */
  start: number;
  end: number;
  matches: Match[];
}

const MAX_TYPED = 1000;

/** Answers complete_request: node names where one is wanted, else what the compiler offers. */
export class Completer {
  readonly #language: Language;
  readonly #graphs: () => readonly CompletionGraph[];

  /** @param graphs the live graphs */
  constructor(language: Language, graphs: () => readonly CompletionGraph[]) {
    this.#language = language;
    this.#graphs = graphs;
  }

  /** Content of complete_reply. @param cursor in code points */
  complete(code: string, cursor: number): JsonObject {
    const position = toUtf16(code, cursor);
    const { start, end, matches } = this.#matches(code, position);
    const from = toCodePoints(code, start);
    const to = toCodePoints(code, end);
    return {
      status: "ok",
      matches: matches.map(({ text }) => text),
      cursor_start: from,
      cursor_end: to,
      metadata: {
        _jupyter_types_experimental: matches
          .slice(0, MAX_TYPED)
          .map(({ text, type }) => ({ text, type, start: from, end: to })),
      },
    };
  }

  #matches(code: string, position: number): Matches {
    const place = stringAt(code, position);
    if (place) return this.#inString(code, position, place);
    const members = treeMembers(code, position, this.#language.locals);
    const offered = this.#fromCompiler(code, position);
    if (!members) return offered;
    const children = members.names.map((text) => ({ text, type: members.typeOf(text) }));
    const names = new Set(members.names);
    return {
      start: members.start,
      end: Math.max(position, offered.end),
      matches: [...children, ...offered.matches.filter(({ text }) => !names.has(text))],
    };
  }

  #inString(code: string, position: number, place: StringPlace): Matches {
    const { start, end, prefix } = place;
    const nodes = expectsNodeName(place)
      ? completeNodeName(this.#graphsOf(place), prefix, new Set(place.siblings))
      : [];
    if (nodes.length > 0) return { start, end, matches: nodes };
    const { candidates, info } = this.#language.completions(code, position);
    const kinds = new Map(info?.entries.map(({ name, kind }) => [name, kind as string]));
    const matches = candidates
      .filter((text) => kinds.get(text) === "string" && text.startsWith(prefix))
      .sort(compareNaturally)
      .map((text) => ({ text, type: "string" }));
    return { start, end, matches };
  }

  #fromCompiler(code: string, position: number): Matches {
    const { candidates, info, start, end } = this.#language.completions(code, position);
    const kinds = new Map(info?.entries.map(({ name, kind }) => [name, kind as string]));
    const typed = code.slice(start, position);
    // Names in another case, or with the text inside, only where nothing begins as typed.
    const exact = candidates.filter((text) => text.startsWith(typed));
    const matches = (exact.length > 0 ? exact : candidates).map((text) => ({
      text,
      type: kinds.get(text) ?? "",
    }));
    return { start, end, matches };
  }

  /** The graph in the variable the call is made on, else all of them. */
  #graphsOf(place: StringPlace): readonly CompletionGraph[] {
    const live = this.#graphs();
    const name = graphVariable(place);
    const { locals } = this.#language;
    const value = name !== null && Object.hasOwn(locals, name) ? locals[name] : undefined;
    const own = live.find((graph) => graph === value);
    return own ? [own] : live;
  }
}
