import { ArgumentError } from "./errors";

/** @throws ArgumentError for what is no integer of at least `least` (1 unless given). */
export function checkCount(what: string, value: unknown, least: 0 | 1 = 1): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  const wanted = least === 1 ? "a positive integer" : "0 or a positive integer";
  throw new ArgumentError(`${what} must be ${wanted}, it is ${shown(value)}`);
}

/** @throws ArgumentError for what is no integer. */
export function checkInteger(what: string, value: unknown): void {
  if (Number.isSafeInteger(value)) return;
  throw new ArgumentError(`${what} must be an integer, it is ${shown(value)}`);
}

/** @throws ArgumentError for what is none of `choices`. */
export function checkChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  throw new ArgumentError(
    `${what} must be ${choices.map((one) => `"${one}"`).join(" or ")}, it is ${shown(value)}`,
  );
}

/** @throws ArgumentError for numbers of which one is infinite or none. */
export function checkFinite(what: string, values: readonly number[]): void {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new ArgumentError(`${what} must all be finite numbers; number ${wrong} is ${shown(values[wrong])}`);
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
