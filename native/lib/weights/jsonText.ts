import { readFileSync } from "node:fs";
import { CorruptFileError, MissingFileError } from "../errors";

/** A JSON object as parsed: values are not yet checked. */
export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses a JSON object.
 * @param source what it is, for messages
 * @throws CorruptFileError if the text is not JSON or not an object.
 */
export function parseJsonObject(text: string, source: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CorruptFileError(`${source} is not JSON: ${(error as Error).message}`);
  }
  if (!isJsonObject(value)) throw new CorruptFileError(`${source} must hold a JSON object`);
  return value;
}

/**
 * Reads a JSON object from a file.
 * @throws MissingFileError if it cannot be read; CorruptFileError if it is not a JSON object.
 */
export function readJsonObject(path: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new MissingFileError(`${path} cannot be read: ${(error as Error).message}`);
  }
  return parseJsonObject(text, path);
}

/** How much a JSON text may hold. */
export interface JsonExtent {
  /** Objects and lists inside each other. */
  depth: number;
  /** Objects, lists, keys and values in all. */
  values: number;
}

/**
 * Refuses text that would become too much in memory, before it is parsed: a file's bytes can ask for thirty times their
 * number, and lists inside lists for all of the stack of whoever walks them.
 *
 * @param json any text; that it is JSON is for the parser to say
 * @throws CorruptFileError
 */
export function checkJsonExtent(json: string, most: JsonExtent, source: string): void {
  let [depth, values] = [0, 0];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') {
      i = endOfString(json, i) - 1;
      continue;
    }
    if (character === "}" || character === "]") depth--;
    if (!"{[,:".includes(character)) continue;
    values++;
    if ((character === "{" || character === "[") && ++depth > most.depth) {
      throw new CorruptFileError(`${source} has objects or lists more than ${most.depth} deep`);
    }
    if (values > most.values) throw new CorruptFileError(`${source} has more than ${most.values} values`);
  }
}

/**
 * A key that some object in `json` has twice, or null. `JSON.parse` keeps the last of them without a word, and other
 * readers the first, so that two programs would see different files.
 *
 * @param json text that `JSON.parse` accepts
 */
export function duplicateKey(json: string): string | null {
  const objects: (Set<string> | null)[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === "{") objects.push(new Set());
    else if (character === "[") objects.push(null);
    else if (character === "}" || character === "]") objects.pop();
    else if (character === '"') {
      const end = endOfString(json, i);
      if (isKey(json, end)) {
        const key: string = JSON.parse(json.slice(i, end));
        const keys = objects.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      i = end - 1;
    }
  }
  return null;
}

/** The index after the closing quote of the string that starts at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i + 1;
}

/** Whether a colon follows: the string before it is a key. */
function isKey(json: string, end: number): boolean {
  let i = end;
  while (json[i] === " " || json[i] === "\n" || json[i] === "\r" || json[i] === "\t") i++;
  return json[i] === ":";
}
