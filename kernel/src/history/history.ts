import type { JsonObject } from "../wire/message";
import type { HistoryStore } from "./historyStore";

/** One cell that ran. */
export interface HistoryEntry {
  session: number;
  line: number;
  input: string;
  /** Text of its result; null where it had none. */
  output: string | null;
}

/** What was run, in this session and, as far as the store remembers, in earlier ones. */
export class History {
  readonly #store: HistoryStore;
  readonly #own: HistoryEntry[] = [];
  #earlier: HistoryEntry[] | null = null;
  #session = 1;

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  /** Takes down a cell; `output` may be told later by {@link setOutput}. */
  add(line: number, input: string): void {
    this.#load();
    const entry = { session: this.#session, line, input, output: null };
    this.#own.push(entry);
    this.#store.append(entry);
  }

  setOutput(line: number, output: string): void {
    const entry = this.#own.at(-1);
    if (entry?.line === line) entry.output = output;
  }

  /** Content of history_reply for a history_request. Malformed requests get an empty history. */
  reply(request: JsonObject): JsonObject {
    const withOutput = request.output === true;
    const history = this.#select(request).map(({ session, line, input, output }) => [
      session,
      line,
      withOutput ? [input, output] : input,
    ]);
    return { status: "ok", history };
  }

  #select(request: JsonObject): HistoryEntry[] {
    const all = [...this.#load(), ...this.#own];
    const count = typeof request.n === "number" ? request.n : Number.POSITIVE_INFINITY;
    switch (request.hist_access_type) {
      case "tail":
        return last(all, count);
      case "range": {
        const asked = typeof request.session === "number" ? request.session : 0;
        // 0 is the current session, negative numbers count back from it.
        const session = asked > 0 ? asked : this.#session + asked;
        const start = typeof request.start === "number" ? request.start : 0;
        const stop = typeof request.stop === "number" ? request.stop : Number.POSITIVE_INFINITY;
        return all.filter((entry) => entry.session === session && entry.line >= start && entry.line < stop);
      }
      case "search": {
        const matches = globMatcher(typeof request.pattern === "string" ? request.pattern : "*");
        const found = all.filter(({ input }) => matches(input));
        return last(request.unique === true ? latestOfEach(found) : found, count);
      }
      default:
        return [];
    }
  }

  #load(): HistoryEntry[] {
    if (!this.#earlier) {
      this.#earlier = this.#store.load();
      this.#session = (this.#earlier.at(-1)?.session ?? 0) + 1;
    }
    return this.#earlier;
  }
}

function last<T>(items: T[], count: number): T[] {
  return count >= items.length ? items : items.slice(items.length - Math.max(0, count));
}

function latestOfEach(entries: HistoryEntry[]): HistoryEntry[] {
  const latest = new Map<string, HistoryEntry>();
  for (const entry of entries) {
    latest.delete(entry.input);
    latest.set(entry.input, entry);
  }
  return [...latest.values()];
}

/** Whether a text as a whole matches a pattern with `*` and `?`. No pattern takes exponential time. */
export function globMatcher(pattern: string): (text: string) => boolean {
  return (text) => {
    let p = 0;
    let t = 0;
    let star = -1;
    let resume = 0;
    while (t < text.length) {
      if (p < pattern.length && pattern[p] === "*") {
        star = p++;
        resume = t;
      } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
        p++;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++resume;
      } else return false;
    }
    while (pattern[p] === "*") p++;
    return p === pattern.length;
  };
}
