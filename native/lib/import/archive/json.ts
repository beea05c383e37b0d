import { CorruptFileError } from "../../errors";

/** Strings, numbers, and the constants that Python's `json` writes. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN/g;
/** What `JSON.parse` would round or refuse. */
const SPECIAL = /^-?(?:\d{16,}|Infinity|NaN)$/;

/** Longest text, and most objects and lists with their items, of a document: a small file can be inflated to very much. */
const MAX_LENGTH = 1 << 28;
const MAX_VALUES = 30_000_000;

function checkSize(text: string, source: string): void {
  if (text.length > MAX_LENGTH)
    throw new CorruptFileError(`${source} is too long, with ${text.length} characters`);
  let values = 0;
  for (const open of ["{", "[", ","]) {
    for (let at = text.indexOf(open); at >= 0; at = text.indexOf(open, at + 1)) {
      if (++values > MAX_VALUES) throw new CorruptFileError(`${source} holds too many values`);
    }
  }
}

/**
 * Parses JSON as PyTorch writes it. Integers beyond 2^53 (`slice` ends at 2^63 - 1) and NaN or infinities, which
 * `JSON.parse` would round or refuse, become strings; {@link JsonValue} reads both forms.
 */
export function parseJson(text: string, source: string): JsonValue {
  checkSize(text, source);
  try {
    const lossless = text.replace(TOKENS, (token) => (SPECIAL.test(token) ? `"${token}"` : token));
    return new JsonValue(JSON.parse(lossless), source, null);
  } catch (error) {
    throw new CorruptFileError(`${source} is not JSON: ${(error as Error).message}`);
  }
}

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const FLOATS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["NaN", Number.NaN],
]);

/** A value of a JSON document that knows its place, so that every refusal names what is wrong and where. */
export class JsonValue {
  constructor(
    private readonly value: unknown,
    private readonly key: string,
    private readonly parent: JsonValue | null,
  ) {}

  /** Where the value stands: `models/model.json: graph_module.graph.nodes[3].target`. */
  get place(): string {
    const keys: string[] = [];
    let root: JsonValue = this;
    for (; root.parent; root = root.parent) keys.unshift(root.key);
    return `${root.key}: ${keys.join("").replace(/^\./, "")}`;
  }

  fail(problem: string): never {
    throw new CorruptFileError(`${this.place} ${problem}`);
  }

  get isNull(): boolean {
    return this.value === null || this.value === undefined;
  }

  #record(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) {
      this.fail("must be an object");
    }
    return this.value as Record<string, unknown>;
  }

  /** The field, which may be missing: then it is null. */
  optional(name: string): JsonValue {
    const record = this.#record();
    return new JsonValue(Object.hasOwn(record, name) ? record[name] : undefined, `.${name}`, this);
  }

  field(name: string): JsonValue {
    const field = this.optional(name);
    if (field.value === undefined) this.fail(`has no field "${name}"`);
    return field;
  }

  entries(): [string, JsonValue][] {
    return Object.entries(this.#record()).map(([key, value]) => [
      key,
      new JsonValue(value, `[${JSON.stringify(key)}]`, this),
    ]);
  }

  /** A field that may be missing, as an empty object. */
  entriesOrNone(): [string, JsonValue][] {
    return this.isNull ? [] : this.entries();
  }

  items(): JsonValue[] {
    if (!Array.isArray(this.value)) this.fail("must be a list");
    return this.value.map((item: unknown, i) => new JsonValue(item, `[${i}]`, this));
  }

  itemsOrNone(): JsonValue[] {
    return this.isNull ? [] : this.items();
  }

  /** An object with one field, which says what it is: `{ "as_int": 3 }`. */
  variant(): [string, JsonValue] {
    const entries = this.entries();
    if (entries.length !== 1) this.fail("must have one field");
    return [entries[0][0], new JsonValue(Object.values(this.#record())[0], `.${entries[0][0]}`, this)];
  }

  string(): string {
    if (typeof this.value !== "string") this.fail("must be a string");
    return this.value;
  }

  stringOrNull(): string | null {
    return this.isNull ? null : this.string();
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") this.fail("must be true or false");
    return this.value;
  }

  /** A 64-bit integer; a bigint where a number would not hold it. */
  integer(): number | bigint {
    if (Number.isSafeInteger(this.value)) return this.value as number;
    if (typeof this.value === "string" && /^-?\d{1,20}$/.test(this.value)) {
      const integer = BigInt(this.value);
      if (integer < MIN_INT64 || integer > MAX_INT64) this.fail("is beyond 64 bits");
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
    }
    this.fail("must be an integer");
  }

  /** An integer that a number holds. */
  smallInteger(): number {
    const integer = this.integer();
    if (typeof integer === "bigint") this.fail("is too large");
    return integer;
  }

  /** A size, stride or offset. */
  count(): number {
    const integer = this.smallInteger();
    if (integer < 0) this.fail("must not be negative");
    return integer;
  }

  float(): number {
    if (typeof this.value === "number") return this.value;
    const special = FLOATS.get(this.value);
    if (special !== undefined) return special;
    const integer = this.integer();
    return Number(integer);
  }
}
