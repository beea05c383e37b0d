import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { isJsonObject } from "../wire/message";
import type { HistoryEntry } from "./history";

export interface HistoryStore {
  /** Entries of earlier sessions, oldest first. */
  load(): HistoryEntry[];
  append(entry: HistoryEntry): void;
}

const MAX_ENTRIES = 2000;

/** Where history is kept: `$GRAPHPATCH_HISTORY`, else in the user's state folder. "" keeps none. */
export function defaultHistoryFile(): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  return process.env.GRAPHPATCH_HISTORY ?? join(state, "graphpatch", "history.jsonl");
}

/** One entry a line, as JSON. A history that cannot be read or written is no reason for a cell to fail: it is then not kept. */
export class HistoryFile implements HistoryStore {
  readonly #file: string;
  #writable: boolean;

  constructor(file: string) {
    this.#file = file;
    this.#writable = file !== "";
  }

  load(): HistoryEntry[] {
    if (this.#file === "") return [];
    let lines: string[];
    try {
      lines = readFileSync(this.#file, "utf8").split("\n");
    } catch {
      return [];
    }
    const entries = lines.map(parseEntry).filter((entry) => entry !== null);
    if (entries.length <= MAX_ENTRIES) return entries;
    const kept = entries.slice(-MAX_ENTRIES / 2);
    this.#write(() => writeFileSync(this.#file, kept.map((entry) => `${JSON.stringify(entry)}\n`).join("")));
    return kept;
  }

  append(entry: HistoryEntry): void {
    this.#write(() => appendFileSync(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600 }));
  }

  #write(action: () => void): void {
    if (!this.#writable) return;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      action();
    } catch {
      this.#writable = false;
    }
  }
}

function parseEntry(line: string): HistoryEntry | null {
  try {
    const value: unknown = JSON.parse(line);
    if (!isJsonObject(value) || typeof value.input !== "string") return null;
    const { session, line: number, input } = value;
    if (typeof session !== "number" || typeof number !== "number") return null;
    return { session, line: number, input, output: null };
  } catch {
    return null;
  }
}
