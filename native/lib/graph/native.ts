import { binding } from "../binding";
import type { SliceItem } from "../tensor/slice";
import type { Tensor } from "../tensor/tensor";
import type { GraphSpec } from "./spec";

declare const handle: unique symbol;
/** Opaque objects of the addon. */
export interface NativeGraph {
  readonly [handle]: "graph";
}
export interface NativePlan {
  readonly [handle]: "plan";
}
export interface NativeRun {
  readonly [handle]: "run";
}
export interface NativeOutcomes {
  readonly [handle]: "outcomes";
}

/** What the addon's runs take and give. */
export type RunValue = Tensor | number | boolean;

export type NativePatchKind =
  | "add"
  | "replace"
  | "zero"
  | "scale"
  | "mean"
  | "project"
  | "probe"
  | "record"
  | "custom";

export interface NativePatch {
  kind: NativePatchKind;
  /** Value of the graph the patch is on. */
  target: number;
  /** Node name, for messages. */
  node: string;
  /** As `parseSlice` gives it, with index lists as tensors; null for the whole value. */
  slice: SliceItem[] | null;
  sliceText: string;
  /** Add, replace: the value; scale: the factor; project: the directions. */
  value: RunValue | null;
  /** Mean: the dimensions it is taken over. */
  dims?: readonly number[];
  /** Project: the dimension along which the directions lie. */
  dim?: number;
  /** Project: keep the component instead of removing it. */
  keep?: boolean;
  keepGradient: boolean;
  /** Replacement of a whole value that is not computed: its shape. */
  shape: number[] | null;
  /** Its strides, where it does not lie in row-major order. */
  strides?: readonly number[];
  /** The node's shape (null for a number) and dtype where they are known before the run: what cannot fit is refused then. */
  known: { shape: number[] | null; dtype: string | null } | null;
}

export interface PlanRequest {
  outputs: number[];
  patched: number[];
  /** Patched values that must be computed even if no output needs them: something looks at them. */
  observed: number[];
  /** Patched values that need not be computed. */
  replaced: number[];
  /** Patched values that a patch changes. */
  changed: number[];
  /** Multiply by packed weights where that can be done. */
  packed: boolean;
}

/** The run is over, or stands at a custom patch or an operator of JavaScript's and waits for its result. */
export type NativeProgress =
  | {
      done: true;
      outputs: RunValue[];
      /** Whether each patch fired, a byte each; absent for a run without patches, as `outcomes`. */
      fired?: Uint8Array;
      outcomes?: NativeOutcomes;
    }
  | { done: false; patch: number; value: RunValue; call?: undefined }
  /** It stands at an operator that is a function of JavaScript's. */
  | { done: false; call: string; args: unknown[] };

interface EngineBinding {
  createGraph(spec: GraphSpec): NativeGraph;
  createPlan(graph: NativeGraph, request: PlanRequest): NativePlan;
  /** Names of the nodes a plan runs, in order. */
  planSteps(plan: NativePlan): string[];
  /** Packs the weights that a plan multiplies by; what all packed weights of the graph are. */
  packWeights(plan: NativePlan): Promise<{ count: number; bytes: number }>;
  unpackWeights(graph: NativeGraph): Promise<void>;
  /**
   * `patches` has those of one value next to each other. A number is a look at the whole of that value, of which there may be
   * thousands.
   * @throws PatchError for a patch that cannot fit what is known of its node.
   */
  startRun(
    plan: NativePlan,
    inputs: RunValue[],
    patches: (NativePatch | number)[],
    gradEnabled: boolean,
  ): NativeRun;
  /** Goes on, on the engine thread; `result` is what the custom patch gave, or a list of what the operator did. */
  advanceRun(run: NativeRun, result?: RunValue | readonly Tensor[]): Promise<NativeProgress>;
  /** What a probe saw, which the addon lets go of; null if it has seen nothing. */
  takeActivation(outcomes: NativeOutcomes, index: number): RunValue | null;
  /** Lets go of what a patch saw. */
  dropOutcome(outcomes: NativeOutcomes, index: number): void;
  /** Largest absolute change; null for patches that only look, or when the value was not computed. */
  patchMaxChange(outcomes: NativeOutcomes, index: number): number | null;
  /** The value in the autograd graph, for `{ grad: true }`. */
  patchLive(outcomes: NativeOutcomes, index: number): Tensor | null;
  cancelRun(run: NativeRun): void;
}

declare module "../binding" {
  interface Binding extends EngineBinding {}
}

/** The engine's part of the addon. */
export const engine: EngineBinding = binding;
