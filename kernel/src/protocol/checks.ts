/** Checks that the validators of views share. */

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isNullableNumber(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}

export function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whether `value` is a list of whole numbers from 0 up. */
export function isIndexArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isIndex);
}

export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
