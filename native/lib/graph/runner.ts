import type { Patch } from "../patches/patch";
import type { CapturedGraph } from "./capture";
import type { RunInputs } from "./inputs";
import type { NativeRun, RunValue } from "./native";
import type { PatchMap } from "./nodeTypes";
import type { PatchScope } from "./patchScope";

/** One run of a graph, in values rather than names. */
export interface RunRequest {
  /** In the order of the graph's inputs. */
  inputs: RunValue[];
  /** Texts of the tokens, for what probes say. */
  tokens: string[] | null;
  /** Patches, outer scopes first. */
  scopes: PatchScope[];
  /** Values to give. */
  outputs: number[];
  packed: boolean;
  gradEnabled: boolean;
  /** Does not tell the node browser which nodes were patched. */
  quiet?: boolean;
  signal?: AbortSignal;
}

/** A run for others to begin from. */
export interface KeepRequest extends Omit<RunRequest, "gradEnabled" | "quiet"> {
  patched: readonly number[];
}

/** What makes many runs of one graph: its description, and a way to run it that is not in its public interface. */
export interface GraphRunner {
  readonly captured: CapturedGraph;
  /** Whether `optimize()` is on. */
  readonly isPacked: boolean;
  /** Scopes in force around the caller. */
  scopes(): PatchScope[];
  /** A scope of `patches` that nothing is in yet. @throws UnknownNodeError, PatchError */
  newScope(patches: PatchMap): PatchScope;
  bind(inputs: RunInputs): RunValue[];
  /** Without gradients, unless they are asked for. */
  run(request: Omit<RunRequest, "gradEnabled" | "quiet"> & { gradEnabled?: boolean }): Promise<RunValue[]>;
  /** A run that keeps what cells which patch `patched` will need of it, and the run. Without gradients. */
  keep(request: KeepRequest): Promise<{ values: RunValue[]; run: NativeRun; placed: readonly Patch[] }>;
}
