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

/** What the addon's runs take and give. */
export type RunValue = Tensor | number | boolean;

export type NativePatchKind = "add" | "replace" | "zero" | "probe" | "record" | "custom";

export interface NativePatch {
  kind: NativePatchKind;
  /** Value of the graph the patch is on. */
  target: number;
  /** Node name, for messages. */
  node: string;
  /** As `parseSlice` gives it, with index lists as tensors; null for the whole value. */
  slice: SliceItem[] | null;
  sliceText: string;
  value: RunValue | null;
  keepGradient: boolean;
  /** Replacement of a whole value that is not computed: its shape. */
  shape: number[] | null;
}

export interface NativePatchOutcome {
  fired: boolean;
  /** Largest absolute change; null for patches that only look, or when unknown. */
  maxChange: Tensor | null;
  activation: RunValue | null;
  /** The value in the autograd graph, for `{ grad: true }`. */
  live: Tensor | null;
}

export interface PlanRequest {
  outputs: number[];
  patched: number[];
  /** Patched values that need not be computed. */
  replaced: number[];
}

/** The run is over, or stands at a custom patch and waits for its result. */
export type NativeProgress =
  | { done: true; outputs: RunValue[]; patches: NativePatchOutcome[] }
  | { done: false; patch: number; value: RunValue };

interface EngineBinding {
  createGraph(spec: GraphSpec): NativeGraph;
  createPlan(graph: NativeGraph, request: PlanRequest): NativePlan;
  /** Names of the nodes a plan runs, in order. */
  planSteps(plan: NativePlan): string[];
  startRun(plan: NativePlan, inputs: RunValue[], patches: NativePatch[], gradEnabled: boolean): NativeRun;
  /** Goes on, on the engine thread; `result` is what the custom patch the run stands at gave. */
  advanceRun(run: NativeRun, result?: RunValue): Promise<NativeProgress>;
  cancelRun(run: NativeRun): void;
}

declare module "../binding" {
  interface Binding extends EngineBinding {}
}

/** The engine's part of the addon. */
export const engine: EngineBinding = binding;
