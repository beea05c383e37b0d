import type { ModuleCall } from "../../graph/trace";

/** The call and those around it, from the innermost. */
export function* outwards(call: ModuleCall): Generator<ModuleCall> {
  for (let outer: ModuleCall | null = call; outer; outer = outer.parent) yield outer;
}

/** The innermost call that both stand in; one of them, if the other stands in it. */
export function sharedCall(one: ModuleCall, other: ModuleCall): ModuleCall {
  const around = new Set(outwards(one));
  for (const call of outwards(other)) if (around.has(call)) return call;
  throw new RangeError("calls of different graphs");
}

/** Whether a call stands in another one, or is it. */
export function isWithin(inner: ModuleCall, outer: ModuleCall): boolean {
  for (const call of outwards(inner)) if (call === outer) return true;
  return false;
}
