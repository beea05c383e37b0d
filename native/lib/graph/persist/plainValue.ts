import { ArgumentError } from "../../errors";
import { isDictionary } from "../structure";
import type { JsonPlace } from "./jsonPlace";

/**
 * A plain value in JSON. What JSON has stands for itself; what it lacks is an object with one key: numbers that are not
 * finite and negative zero, bigints, `undefined`, and dictionaries (as a list of pairs, which keeps any key and the order).
 */
export type EncodedValue =
  | null
  | boolean
  | number
  | string
  | EncodedValue[]
  | { number: "NaN" | "Infinity" | "-Infinity" | "-0" }
  | { bigint: string }
  | { undefined: true }
  | { dict: [string, EncodedValue][] };

const ODD_NUMBERS: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** @throws ArgumentError naming `where` for what is no plain value: functions, objects of a class. */
export function encodeValue(value: unknown, where: string): EncodedValue {
  switch (typeof value) {
    case "boolean":
    case "string":
      return value;
    case "number":
      return encodeNumber(value);
    case "bigint":
      return { bigint: String(value) };
    case "undefined":
      return { undefined: true };
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item, i) => encodeValue(item, `${where}[${i}]`));
      if (isDictionary(value)) {
        const pairs = Object.entries(value);
        return { dict: pairs.map(([key, item]) => [key, encodeValue(item, `${where}.${key}`)]) };
      }
  }
  throw new ArgumentError(`${where} is ${describe(value)}, which cannot be saved with the graph`);
}

function encodeNumber(value: number): EncodedValue {
  for (const name of ["NaN", "Infinity", "-Infinity", "-0"] as const) {
    if (Object.is(value, ODD_NUMBERS.get(name))) return { number: name };
  }
  return value;
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? "without a name"}`;
}

/** @throws CorruptFileError for what {@link encodeValue} does not write. */
export function decodeValue(place: JsonPlace): unknown {
  const { value } = place;
  if (Array.isArray(value)) return place.items().map(decodeValue);
  if (typeof value !== "object" || value === null) return place.isMissing ? place.fail("a value") : value;
  if (place.has("dict")) {
    return Object.fromEntries(
      place
        .get("dict")
        .pairs()
        .map(([key, item]) => [key, decodeValue(item)]),
    );
  }
  if (place.has("undefined")) return undefined;
  if (place.has("bigint")) return decodeBigint(place.get("bigint"));
  return ODD_NUMBERS.get(place.get("number").oneOf([...ODD_NUMBERS.keys()]));
}

/** Of 64 bits, but not the lowest, which has no negative: some of PyTorch's loops never end with it. */
function decodeBigint(place: JsonPlace): bigint {
  const digits = place.text();
  const value = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : place.fail("a whole number");
  const most = 2n ** 63n - 1n;
  return value >= -most && value <= most ? value : place.fail("a number of 64 bits");
}
