import type { RunValue } from "../graph/native";
import type { Tensor } from "../tensor/tensor";

/** What one patch saw and did in one run. The values come from the addon when they are asked for: most never are. */
export interface PatchOutcome {
  readonly fired: boolean;
  /** Largest absolute change; null for patches that only look, or when the value was not computed. */
  readonly maxChange: number | null;
  /** What a probe saw. Gives it once: whoever takes it keeps it. */
  takeActivation(): RunValue | null;
  /** The value in the autograd graph, for `{ grad: true }`. */
  live(): Tensor | null;
  /** Lets go of what the patch saw, as nobody will ask any more. */
  drop(): void;
}
