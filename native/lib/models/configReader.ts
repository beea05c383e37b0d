import { CorruptFileError, UnknownArchitectureError } from "../errors";
import type { JsonObject } from "../weights/jsonText";
import { isJsonObject } from "../weights/jsonText";

/** What works for every PyTorch model, for the messages about those that are not written in TypeScript here. */
export const OTHER_DOOR =
  'Any PyTorch model can be brought in another way: save it in Python with torch.export.save, then PatchableGraph.load("model.pt2")';

/** Reads the fields of a model's configuration; each error names the field, the file, what was expected and found. */
export class ConfigReader {
  /**
   * @param raw as parsed from `config.json`, or made from a GGUF file's metadata
   * @param source where it comes from, for messages
   */
  constructor(
    private readonly raw: JsonObject,
    readonly source: string,
  ) {}

  #get<T>(key: string, fallback: T | undefined, expected: string, accept: (value: unknown) => value is T): T {
    const value = Object.hasOwn(this.raw, key) ? this.raw[key] : undefined;
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    if (!accept(value)) {
      const found = value === undefined ? "it is missing" : `found ${shown(value)}`;
      throw new CorruptFileError(`${this.source}: "${key}" must be ${expected}; ${found}`);
    }
    return value;
  }

  /**
   * A size or count: an integer from 1 to `most`. A file from a stranger must not be able to ask for a billion layers,
   * which would be made before the weights are found missing, nor for a matrix whose size cannot be told.
   */
  count(key: string, fallback?: number, most = MAX_WIDTH): number {
    const isCount = (value: unknown): value is number =>
      typeof value === "number" && Number.isInteger(value) && value > 0 && value <= most;
    return this.#get(key, fallback, `a positive integer of at most ${most}`, isCount);
  }

  /** As {@link count}, but `null` in the file is kept: it turns off what the size belongs to. */
  countOrNull(key: string, fallback: number | null): number | null {
    return this.isNull(key) || (fallback === null && !this.has(key))
      ? null
      : this.count(key, fallback ?? undefined, MAX_LENGTH);
  }

  /** An integer from 0 on. */
  index(key: string, fallback: number): number {
    const isIndex = (value: unknown): value is number =>
      typeof value === "number" && Number.isInteger(value) && value >= 0;
    return this.#get(key, fallback, "an integer of at least 0", isIndex);
  }

  /** A finite number above zero. */
  positive(key: string, fallback?: number): number {
    const isPositive = (value: unknown): value is number =>
      typeof value === "number" && Number.isFinite(value) && value > 0;
    return this.#get(key, fallback, "a positive number", isPositive);
  }

  /** As {@link positive}, but `null` in the file is kept. */
  positiveOrNull(key: string, fallback: number | null): number | null {
    return this.isNull(key) || (fallback === null && !this.has(key))
      ? null
      : this.positive(key, fallback ?? undefined);
  }

  /** `length` numbers above zero. */
  positives(key: string, length: number): number[] {
    const isNumbers = (value: unknown): value is number[] =>
      Array.isArray(value) &&
      value.length === length &&
      value.every((item) => typeof item === "number" && Number.isFinite(item) && item > 0);
    return this.#get(key, undefined, `a list of ${length} positive numbers`, isNumbers);
  }

  /** A list of strings; null if it is absent. */
  texts(key: string): string[] | null {
    const isTexts = (value: unknown): value is string[] | null =>
      value === null || (Array.isArray(value) && value.every((item) => typeof item === "string"));
    return this.#get(key, null, "a list of strings", isTexts);
  }

  flag(key: string, fallback?: boolean): boolean {
    return this.#get(key, fallback, "true or false", (value) => typeof value === "boolean");
  }

  text(key: string, fallback?: string): string {
    return this.#get(key, fallback, "a string", (value) => typeof value === "string");
  }

  /** A nested configuration; null if it is absent. */
  nested(key: string): ConfigReader | null {
    const isNested = (value: unknown): value is JsonObject | null => value === null || isJsonObject(value);
    const value = this.#get(key, null, "an object", isNested);
    return value && new ConfigReader(value, `${this.source}, ${key}`);
  }

  get isEmpty(): boolean {
    return Object.keys(this.raw).length === 0;
  }

  /**
   * The same, with fields that may be there under another name, too (transformers' `attribute_map`); what is there under it counts.
   * @param names fields by their other names
   */
  withOtherNames(names: Readonly<Record<string, string>>): ConfigReader {
    const given = Object.entries(names).filter(([other]) => this.has(other) && !this.isNull(other));
    const fields = given.map(([other, key]) => [key, this.raw[other]]);
    return new ConfigReader({ ...this.raw, ...Object.fromEntries(fields) }, this.source);
  }

  /** Whether the file has the key, be it as `null`. */
  has(key: string): boolean {
    return Object.hasOwn(this.raw, key) && this.raw[key] !== undefined;
  }

  isNull(key: string): boolean {
    return this.has(key) && this.raw[key] === null;
  }

  /** @throws CorruptFileError naming `key` with a problem that only several fields together show. */
  fail(key: string, problem: string): never {
    throw new CorruptFileError(`${this.source}: "${key}" ${problem}`);
  }

  /** @throws UnknownArchitectureError naming `key` and its value, which changes the computation in a way not written here. */
  unsupported(key: string, why = "which is not implemented here"): never {
    throw new UnknownArchitectureError(
      `${this.source}: "${key}" is ${shown(this.raw[key])}, ${why}. ${OTHER_DOOR}`,
    );
  }

  /**
   * That `key` is absent, null or one of the values that change nothing (`neutral`): what others turn on is not
   * implemented. The value may be of any type.
   */
  refuseUnless(key: string, ...neutral: unknown[]): void {
    if (!this.has(key) || this.isNull(key)) return;
    if (!neutral.some((value) => JSON.stringify(value) === JSON.stringify(this.raw[key])))
      this.unsupported(key);
  }
}

/** A value of a configuration for a message: it may be long, and hold what a terminal would obey. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

const MOST_SHOWN = 200;

/** More than any model has: bounds on what is made for each layer, for each channel of a head, and on a side of a matrix. */
export const MAX_LAYERS = 4096;
export const MAX_HEAD_DIM = 65536;
const MAX_WIDTH = 2 ** 24;
/** Of lengths of texts, for which nothing is made. */
export const MAX_LENGTH = 2 ** 31 - 1;
