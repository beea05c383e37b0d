import type { Language } from "../language/language";
import { toCodePoints, toUtf16 } from "../language/offsets";
import type { JsonObject } from "../wire/message";
import { type GraphFinder, memberAt } from "./graphsOf";
import { compareNaturally } from "./naturalOrder";
import { completeNodeName } from "./nodeNames";
import { parse, type StringPlace, stringAt } from "./stringPlace";
import { childrenOf } from "./treePlace";

interface Match {
  text: string;
  type: string;
  signature: string;
}

interface Matches {
  /** UTF-16 span that a match replaces. */
  start: number;
  end: number;
  matches: Match[];
}

const MAX_TYPED = 1000;
/** Kinds of completions that stand in strings: values, and names of modules. */
const STRINGS = new Set(["string", "external module name"]);

/** Answers complete_request: node names where one is wanted, else what the compiler offers. */
export class Completer {
  readonly #language: Language;
  readonly #graphs: GraphFinder;

  constructor(language: Language, graphs: GraphFinder) {
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
          .map((match) => ({ ...match, start: from, end: to })),
      },
    };
  }

  #matches(code: string, position: number): Matches {
    const place = stringAt(code, position);
    if (place) return this.#inString(code, position, place);
    const member = memberAt(parse(code), position);
    const treePlace = member && this.#graphs.place(member.object);
    const offered = this.#fromCompiler(code, position);
    if (!member || !treePlace) return offered;
    const children = childrenOf(treePlace, code.slice(member.start, position));
    const names = new Set(children.map(({ text }) => text));
    return {
      start: member.start,
      end: Math.max(position, offered.end),
      matches: [...children, ...offered.matches.filter(({ text }) => !names.has(text))],
    };
  }

  #inString(code: string, position: number, place: StringPlace): Matches {
    const { start, end, prefix } = place;
    const nodes = this.#nodesFor(place);
    if (nodes.length > 0) return { start, end, matches: nodes };
    const { candidates, info } = this.#language.completions(code, position);
    const kinds = new Map(info?.entries.map(({ name, kind }) => [name, kind as string]));
    const matches = candidates
      .filter((text) => STRINGS.has(kinds.get(text) ?? "") && text.startsWith(prefix))
      .sort(compareNaturally)
      .map((text) => ({ text, type: "string", signature: "" }));
    return { start, end, matches };
  }

  #nodesFor({ expected, receiver, prefix, siblings }: StringPlace): Match[] {
    if (expected === null) return [];
    if (expected === "child") {
      const place = receiver && this.#graphs.place(receiver);
      return place ? childrenOf(place, prefix) : [];
    }
    return completeNodeName(this.#graphs.graphs(receiver), prefix, new Set(siblings), expected);
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
      signature: "",
    }));
    return { start, end, matches };
  }
}
