import { inspect } from "node:util";
import type { JsonObject } from "../wire/message";

/** Representations of one value by MIME type, as Jupyter's display_data takes them. */
export interface MimeBundle {
  data: JsonObject;
  metadata: JsonObject;
}

/** Decides how values of some kind are shown; null for values it knows nothing of. */
export type Displayer = (value: unknown) => MimeBundle | null;

/** Deno's convention: an object says itself how it is shown. */
const JUPYTER_DISPLAY = Symbol.for("Jupyter.display");

const INSPECT_OPTIONS = { maxArrayLength: 100, maxStringLength: 10_000, depth: 4 };

export function textBundle(text: string): MimeBundle {
  return { data: { "text/plain": text }, metadata: {} };
}

/**
 * How `value` is shown: as it says itself (`Symbol.for("Jupyter.display")`, then `toMimeBundle()`), else as the first of `displayers` that
 * knows it says, else as text. A promise where the object answers with one.
 */
export function bundleOf(value: unknown, displayers: readonly Displayer[]): MimeBundle | Promise<MimeBundle> {
  const method = displayMethod(value);
  if (method) {
    const answer: unknown = method.call(value);
    if (answer instanceof Promise) return answer.then((data) => asBundle(data, value));
    return asBundle(answer, value);
  }
  for (const displayer of displayers) {
    const bundle = displayer(value);
    if (bundle) return bundle;
  }
  return textBundle(describe(value));
}

/** `value` as text, as Node shows it. */
export function describe(value: unknown): string {
  return inspect(value, INSPECT_OPTIONS);
}

function displayMethod(value: unknown): ((this: unknown) => unknown) | null {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return null;
  const candidate = value as { [JUPYTER_DISPLAY]?: unknown; toMimeBundle?: unknown };
  if (typeof candidate[JUPYTER_DISPLAY] === "function") return candidate[JUPYTER_DISPLAY] as () => unknown;
  if (typeof candidate.toMimeBundle === "function") return candidate.toMimeBundle as () => unknown;
  return null;
}

/** What an object answered: MIME type → value, or a pair of such data and its metadata. */
function asBundle(answer: unknown, value: unknown): MimeBundle {
  if (Array.isArray(answer) && answer.length === 2) {
    return { data: rawData(answer[0] ?? {}), metadata: (answer[1] ?? {}) as JsonObject };
  }
  if (typeof answer !== "object" || answer === null) return textBundle(describe(value));
  return { data: rawData(answer), metadata: {} };
}

/** Bytes travel as base64. */
export function rawData(data: object): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => [
      type,
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ]),
  );
}
