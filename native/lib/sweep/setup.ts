import { checkChoice, checkInteger } from "../checks";
import { ArgumentError } from "../errors";
import { Dataflow } from "../graph/dataflow";
import { tokensOf } from "../graph/dimensions";
import type { RunValue } from "../graph/native";
import type { PatchScope } from "../graph/patchScope";
import type { GraphRunner } from "../graph/runner";
import type { Patch } from "../patches/patch";
import { Tensor } from "../tensor/tensor";
import { type Axis, readAxes, readCells } from "./cells";
import { functionMetric, type Metric, type MetricFunction } from "./metrics";
import { drawsRandomNumbers } from "./randomNumbers";
import { CELL_LEVELS } from "./report";
import type { SweepOptions } from "./sweepOptions";

/** Patches by the value they are on, in order. */
export type ValuePatches = ReadonlyMap<number, readonly Patch[]>;

/** A sweep, ready to be run. */
export interface SweepJob {
  runner: GraphRunner;
  flow: Dataflow;
  inputs: RunValue[];
  tokens: string[] | null;
  /** Texts in the inputs: their common size of dimension 0; null when they have none. */
  batch: number | null;
  axes: Required<Axis>[];
  /** Scopes whose patches hold in every cell. */
  baseScopes: PatchScope[];
  basePatches: ValuePatches;
  cells: { scope: PatchScope; patches: ValuePatches }[];
  metric: Metric;
  /** Values that the metric is given. */
  outputs: number[];
  /** Whether these depend on random numbers, and what each run's begin with; null where they go on from run to run. */
  draws: boolean;
  seed: number | null;
}

/** Reads what a sweep is asked to do. @throws ArgumentError, UnknownNodeError, PatchError before anything runs. */
export function prepareSweep(runner: GraphRunner, options: SweepOptions): SweepJob {
  const { memoryLimit, levels = {}, seed } = options;
  if (seed !== undefined) checkInteger("seed", seed);
  if (memoryLimit !== undefined && !(memoryLimit > 0)) {
    throw new ArgumentError(`memoryLimit must be a number of bytes above 0, it is ${memoryLimit}`);
  }
  for (const level of Object.keys(levels)) checkChoice("a level", level, CELL_LEVELS);
  const grid = readCells(options.cells);
  const inputs = runner.bind(options.inputs);
  const baseScopes = [...runner.scopes(), ...(options.base ? [runner.newScope(options.base)] : [])];
  const cells = grid.cells.map((patches) => {
    const scope = runner.newScope(patches);
    return { scope, patches: byValue([scope]) };
  });
  const metric = readMetric(runner, options);
  const names = metric.outputs ?? [defaultOutput(runner)];
  const flow = new Dataflow(runner.captured);
  const outputs = names.map((name) => runner.captured.index.resolve(name).value);
  return {
    runner,
    flow,
    inputs,
    tokens: tokensOf(options.inputs),
    batch: batchOf(inputs),
    axes: readAxes(options.axes, grid.shape),
    baseScopes,
    basePatches: byValue(baseScopes),
    cells,
    metric,
    outputs,
    draws: drawsRandomNumbers({ flow, outputs }),
    seed: options.seed ?? null,
  };
}

function byValue(scopes: readonly PatchScope[]): ValuePatches {
  const patches = new Map<number, Patch[]>();
  for (const { entries } of scopes) {
    for (const { value, patches: list } of entries)
      patches.set(value, [...(patches.get(value) ?? []), ...list]);
  }
  return patches;
}

function batchOf(inputs: readonly RunValue[]): number | null {
  const tensors = inputs.filter((input) => input instanceof Tensor);
  const sizes = new Set(tensors.map(({ shape }) => shape[0] ?? null));
  const [size] = sizes;
  return sizes.size === 1 && size !== undefined ? size : null;
}

function readMetric(runner: GraphRunner, options: SweepOptions): Metric {
  const { metric, outputs, positions } = options as { metric: Metric | MetricFunction } & SweepOptions;
  if (typeof metric === "function")
    return functionMetric(metric, outputs ?? [defaultOutput(runner)], positions);
  if (typeof metric?.measure !== "function") {
    throw new ArgumentError(
      "metric: give logProbability({ token }), another built-in metric, or a function of the outputs",
    );
  }
  if (outputs || positions) {
    throw new ArgumentError(
      "outputs and positions belong to a function as metric; a built-in metric names its own",
    );
  }
  return metric;
}

/** The model's logits, or its only output. @throws ArgumentError when it has several others. */
export function defaultOutput({ captured }: GraphRunner): string {
  const names = [...captured.index.infos.values()]
    .filter(({ kind, module }) => kind === "output" && module === "")
    .map(({ name }) => name);
  const logits = names.find((name) => name === "output|logits");
  if (logits !== undefined) return logits;
  if (names.length === 1) return names[0];
  throw new ArgumentError(
    `the model has several outputs; name one: ${names.map((name) => `"${name}"`).join(", ")}`,
  );
}
