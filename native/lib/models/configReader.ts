import { CorruptFileError } from "../errors";
import type { JsonObject } from "../weights/jsonText";
import { isJsonObject } from "../weights/jsonText";

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
      const found = value === undefined ? "it is missing" : `found ${JSON.stringify(value)}`;
      throw new CorruptFileError(`${this.source}: "${key}" must be ${expected}; ${found}`);
    }
    return value;
  }

  /**
   * A size or count: an integer from 1 to `most`. A file from a stranger must not be able to ask for a billion layers,
   * which would be made before the weights are found missing.
   */
  count(key: string, fallback?: number, most = 2 ** 31 - 1): number {
    const isCount = (value: unknown): value is number =>
      typeof value === "number" && Number.isInteger(value) && value > 0 && value <= most;
    return this.#get(key, fallback, `a positive integer of at most ${most}`, isCount);
  }

  /** A finite number above zero. */
  positive(key: string, fallback?: number): number {
    const isPositive = (value: unknown): value is number =>
      typeof value === "number" && Number.isFinite(value) && value > 0;
    return this.#get(key, fallback, "a positive number", isPositive);
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

  /** @throws CorruptFileError naming `key` with a problem that only several fields together show. */
  fail(key: string, problem: string): never {
    throw new CorruptFileError(`${this.source}: "${key}" ${problem}`);
  }

  /** That `key` is not set to `true`: what it turns on is not implemented. */
  refuse(key: string): void {
    if (this.flag(key, false)) this.fail(key, "is true, which this version cannot do");
  }
}

/** More than any model has: bounds on what is made for each layer, and for each channel of a head. */
export const MAX_LAYERS = 4096;
export const MAX_HEAD_DIM = 65536;
