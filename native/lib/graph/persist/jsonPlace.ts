import { CorruptFileError } from "../../errors";
import { isJsonObject } from "../../weights/jsonText";

/** A value in a JSON document and where it stands. Whatever is asked of it is checked, and errors say both. */
export class JsonPlace {
  /**
   * @param value as parsed; undefined where there is none
   * @param source the document, for messages
   * @param path where the value stands in it
   */
  constructor(
    readonly value: unknown,
    private readonly source: string,
    private readonly path = "",
  ) {}

  /** @throws CorruptFileError saying what should stand here and what does. */
  fail(expected: string): never {
    const where = this.path === "" ? "the description" : this.path;
    throw new CorruptFileError(
      `${this.source}: ${where} must be ${expected}; ${this.isMissing ? "it is missing" : `found ${brief(this.value)}`}`,
    );
  }

  get isMissing(): boolean {
    return this.value === undefined;
  }

  has(key: string): boolean {
    return isJsonObject(this.value) && Object.hasOwn(this.value, key);
  }

  /** The value of a key, which may be missing. */
  get(key: string): JsonPlace {
    if (!isJsonObject(this.value)) return this.fail("an object");
    const value = Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return new JsonPlace(value, this.source, this.path === "" ? key : `${this.path}.${key}`);
  }

  items(): JsonPlace[] {
    if (!Array.isArray(this.value)) return this.fail("a list");
    return this.value.map((item, i) => new JsonPlace(item, this.source, `${this.path}[${i}]`));
  }

  /** A list of [key, value]; no key comes twice. */
  pairs(): [string, JsonPlace][] {
    const seen = new Set<string>();
    return this.items().map((pair) => {
      const parts = pair.items();
      if (parts.length !== 2) return pair.fail("a key and a value");
      const key = parts[0].text();
      if (seen.has(key)) return pair.fail("a key that does not come twice");
      seen.add(key);
      return [key, parts[1]];
    });
  }

  text(longest = Number.POSITIVE_INFINITY): string {
    if (typeof this.value !== "string") return this.fail("a text");
    if (this.value.length > longest) return this.fail(`a text of at most ${longest} characters`);
    return this.value;
  }

  oneOf<T extends string>(known: readonly T[]): T {
    const found = known.find((one) => one === this.value);
    return found ?? this.fail(`one of ${known.join(", ")}`);
  }

  /** A whole number from `least` to `most`. */
  integer(least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most) {
      return this.fail(`a whole number from ${least} to ${most}`);
    }
    // JSON can say -0.
    return value + 0;
  }

  integers(least = 0, most = Number.MAX_SAFE_INTEGER): number[] {
    return this.items().map((item) => item.integer(least, most));
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.fail("true or false");
  }

  orNull<T>(read: (place: JsonPlace) => T): T | null {
    return this.value === null ? null : read(this);
  }
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
