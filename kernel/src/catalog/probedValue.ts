import type { Patch, RecordPatch, Tensor } from "@graphpatch/native";
import type { Native } from "../preload/native";
import type { NodeValue } from "../protocol";
import { summarize, viewStatistics } from "../views/statistics";
import { floatValues } from "../views/tensorValues";

/** The tensor that a probe saw last; null where it saw a number or nothing. */
export function tensorOf(patch: Patch, { ProbePatch, RecordPatch, Tensor }: Native): Tensor | null {
  let seen: unknown = null;
  if (patch instanceof ProbePatch) seen = patch.fired && patch.number === null ? patch.activation : null;
  else if (patch instanceof RecordPatch) seen = (patch as RecordPatch).activations.at(-1);
  return seen instanceof Tensor && !seen.isDisposed ? seen : null;
}

/** What is said of a value without its elements. Complex numbers have no order, and so no statistics. */
export function describeValue(tensor: Tensor): NodeValue | null {
  const { shape, dtype } = tensor;
  if (dtype.startsWith("complex")) return null;
  return { shape: [...shape], dtype, statistics: viewStatistics(summarize(floatValues(tensor))) };
}
