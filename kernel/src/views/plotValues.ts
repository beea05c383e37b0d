/** What of a tensor is needed to draw it. */
interface Listable {
  readonly dtype: string;
  tolist(): unknown;
}

/** A figure's values as JSON can hold them: tensors and typed arrays become lists. */
export function plainValues(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (isListable(value)) return plainValues(value.tolist());
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  if (Array.isArray(value)) return value.map(plainValues);
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, plainValues(own)]));
}

function isListable(value: object): value is Listable {
  return "tolist" in value && typeof value.tolist === "function" && "dtype" in value;
}

/** `bar "loss": x a, b; y 1, 2`: one trace in a line, for readers without plotly. */
export function traceText({ type = "scatter", name, ...rest }: Record<string, unknown>): string {
  const values = ["x", "y", "z", "values", "labels"].flatMap((key) => {
    const list = rest[key];
    return Array.isArray(list) ? [`${key} ${listText(list)}`] : [];
  });
  const title = typeof name === "string" ? ` "${name}"` : "";
  return `${String(type)}${title}${values.length > 0 ? `: ${values.join("; ")}` : ""}`;
}

const MAX_SHOWN = 8;

function listText(list: readonly unknown[]): string {
  if (Array.isArray(list[0])) return `[${list.length}, ${list[0].length}]`;
  const shown = list.slice(0, MAX_SHOWN).map(String).join(", ");
  return list.length > MAX_SHOWN ? `${shown}, … (${list.length})` : shown;
}
