import { activeSignal } from "../cancellation";
import { CancelledError } from "../errors";
import { onDevice } from "../placement/devices";
import { native } from "../sweep/native";
import { Tensor } from "../tensor/tensor";
import type { CapturedGraph } from "./capture";
import { engine, type NativeGraph, type NativeProgress, type NativeRun, type RunValue } from "./native";
import { deliverOutcomes } from "./outcomes";
import { collectPatches, customPatchOf, type PatchList, type PlacedPatch } from "./patchRun";
import { runUnpatched } from "./patchScope";
import { PlanCache } from "./planCache";
import { callRegistered } from "./registeredCalls";
import type { RunRequest } from "./runner";
import { ValueDevices } from "./valueDevices";

/** A run that is over. */
interface FinishedRun {
  /** Of the outputs asked for. */
  values: RunValue[];
  run: NativeRun;
  placed: readonly PlacedPatch[];
}

/** Runs of one graph: plans what a request needs, has the addon run it, and tells its patches what they saw. */
export class GraphRuns {
  readonly #captured: CapturedGraph;
  readonly #native: NativeGraph;
  readonly #plans: PlanCache;
  readonly #devices: ValueDevices;
  #packed = false;

  constructor(captured: CapturedGraph) {
    this.#captured = captured;
    this.#native = engine.createGraph(captured.spec);
    this.#plans = new PlanCache(this.#native);
    this.#devices = new ValueDevices(captured);
  }

  /** Whether weights are packed. */
  get isPacked(): boolean {
    return this.#packed;
  }

  /** Packs the weights that the graph's outputs are multiplied with, or lets go of packed ones; how many are packed then, and their bytes. */
  async pack(on: boolean): Promise<{ packed: number; bytes: number }> {
    this.#packed = on;
    if (!on) {
      await engine.unpackWeights(this.#native);
      return { packed: 0, bytes: 0 };
    }
    const outputs = this.#captured.output.values;
    const plan = this.#plans.get({
      outputs,
      patched: [],
      observed: [],
      replaced: [],
      changed: [],
      packed: true,
    });
    const { count, bytes } = await engine.packWeights(plan);
    return { packed: count, bytes };
  }

  /**
   * With `kept`, the addon keeps what is needed to begin again at these values.
   * @throws PatchError, CancelledError
   */
  async run(request: RunRequest, kept: readonly number[] = []): Promise<FinishedRun> {
    const { inputs, scopes, outputs, packed, gradEnabled, signal } = request;
    const list = collectPatches(
      scopes,
      (node) => this.#captured.index.infoOf(node),
      this.#hasCapturedShapes(inputs),
      this.#devices,
    );
    const { observed, replaced, changed } = list;
    const patched = kept.length === 0 ? list.patched : [...new Set([...list.patched, ...kept])];
    const plan = this.#plans.get({ outputs, patched, observed, replaced, changed, packed });
    for (const scope of scopes) scope.runs++;
    const run = engine.startRun(
      plan,
      inputs,
      list.placed.map(({ native }) => native),
      gradEnabled,
    );
    if (kept.length > 0) native.keepValues(run, kept, this.#packed);
    const result = await this.#advance(run, list, signal);
    if (result.fired && result.outcomes) {
      const report = { fired: result.fired, outcomes: result.outcomes, tokens: request.tokens };
      deliverOutcomes(report, list.placed);
    }
    return { values: result.outputs, run, placed: list.placed };
  }

  async #advance(run: NativeRun, list: PatchList, own?: AbortSignal) {
    const signal = activeSignal(own);
    const cancel = () => engine.cancelRun(run);
    if (signal?.aborted) throw new CancelledError("the run was cancelled before it began");
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      let progress = await engine.advanceRun(run);
      while (!progress.done) {
        const result = await this.#askJavaScript(progress, list);
        progress = await engine.advanceRun(run, result);
      }
      return progress;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** What a custom patch makes of a value, or an operator written in TypeScript of its arguments. */
  async #askJavaScript(
    progress: NativeProgress & { done: false },
    list: PatchList,
  ): Promise<RunValue | readonly Tensor[]> {
    if (progress.call !== undefined) {
      const { call, args } = progress;
      return runUnpatched(() => callRegistered(call, this.#captured.operators, args));
    }
    const placed = list.placed[progress.patch];
    const { value } = progress;
    const made = await runUnpatched(() => customPatchOf(placed).apply(value, placed.info.name));
    return value instanceof Tensor && made instanceof Tensor ? onDevice(made, value.device) : made;
  }

  #hasCapturedShapes(values: RunValue[]): boolean {
    return this.#captured.inputs.every(({ shape }, i) => {
      const given = values[i];
      return !(given instanceof Tensor) || shape.every((size, dim) => size === given.shape[dim]);
    });
  }
}
