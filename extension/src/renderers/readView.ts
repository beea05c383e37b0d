import { isView, VIEW_KINDS } from "@graphpatch/kernel/protocol";
import type { AnyView } from "../tokens";

/** Whether a value is a view of any kind, also of one this version does not know. */
function isAnyView(value: unknown): value is AnyView {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  // What a view says of itself is the same for every kind.
  return typeof value.kind === "string" && isView({ ...value, kind: VIEW_KINDS[0] });
}

/** Reads a view from a notebook. @returns null for what is none. */
export function readView(value: unknown): AnyView | null {
  return isAnyView(value) ? value : null;
}
